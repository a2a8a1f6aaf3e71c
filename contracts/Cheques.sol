// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// A cheque with its signature, as it is handed in among others. `r` and `vs` are the signature of 65 bytes in two words
/// (EIP-2098): half a word of zeros less to pay for.
struct Cheque {
    address beneficiary;
    uint256 cumulativePayout;
    bytes32 r;
    bytes32 vs;
}

/// What is signed and who signed it. The cheque is Swarm's, to the byte, so that the two kinds of chequebook take each
/// other's cheques (DESIGN §12). A payment in a channel is a cheque too, drawn on the channel.
library Cheques {
    /// Swarm's domain has no verifyingContract: what the cheque is drawn on stands inside the cheque.
    bytes32 private constant DOMAIN_TYPE_HASH = keccak256("EIP712Domain(string name,string version,uint256 chainId)");
    bytes32 private constant CHEQUE_TYPE_HASH =
        keccak256("Cheque(address chequebook,address beneficiary,uint256 cumulativePayout)");
    bytes32 private constant NAME_HASH = keccak256("Chequebook");
    bytes32 private constant VERSION_HASH = keccak256("1.0");

    /// Not r ‖ s ‖ v with v 27 or 28 and s in the lower half of the order: every signature has a twin with s above it.
    error SignatureMalformed();

    function domain() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid));
    }

    /// What the issuer signs for a cheque on this very contract.
    function digest(bytes32 domain_, address beneficiary, uint256 cumulativePayout) internal view returns (bytes32) {
        bytes32 typeHash = CHEQUE_TYPE_HASH;
        bytes32 cheque;
        // keccak256(abi.encode(typeHash, address(this), beneficiary, cumulativePayout)), in memory nobody needs after.
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), address())
            mstore(add(words, 0x40), and(beneficiary, 0xffffffffffffffffffffffffffffffffffffffff))
            mstore(add(words, 0x60), cumulativePayout)
            cheque := keccak256(words, 0x80)
        }
        return MessageHashUtils.toTypedDataHash(domain_, cheque);
    }

    /// Never the zero address, which is what ecrecover says of nonsense.
    function signer(bytes32 digest_, bytes calldata signature) internal pure returns (address who) {
        ECDSA.RecoverError fault;
        (who, fault,) = ECDSA.tryRecoverCalldata(digest_, signature);
        if (fault != ECDSA.RecoverError.NoError) revert SignatureMalformed();
    }

    function signer(bytes32 digest_, bytes32 r, bytes32 vs) internal pure returns (address who) {
        ECDSA.RecoverError fault;
        (who, fault,) = ECDSA.tryRecover(digest_, r, vs);
        if (fault != ECDSA.RecoverError.NoError) revert SignatureMalformed();
    }
}
