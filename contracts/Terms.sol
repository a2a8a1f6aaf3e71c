// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// What a chequebook is for as long as it stands. Who has the same terms has the same chequebook: the address follows.
struct ChequebookTerms {
    /// Takes money out, after a freeze period.
    address owner;
    /// Signs cheques.
    address issuer;
    /// The zero address for native coin.
    address token;
    uint32 freezeSeconds;
    /// Tells chequebooks apart that are alike in everything else.
    uint64 nonce;
}

/// One party of a channel: the key that signs for it, and where its money goes.
struct Party {
    address signer;
    address payee;
}

/// What a channel is for as long as it stands. The party with the lower signer is `a`, so that both find one address.
struct ChannelTerms {
    Party a;
    Party b;
    address token;
    uint32 freezeSeconds;
    uint64 nonce;
}

/// How terms lie behind the 45 bytes of a minimal proxy (EIP-1167) in the code of the contract they belong to. Nothing
/// can change them there, and reading them costs no storage.
library TermsCode {
    uint256 internal constant BOOK_OWNER_AT = 45;
    uint256 internal constant BOOK_ISSUER_AT = 65;
    uint256 internal constant BOOK_TOKEN_AT = 85;
    uint256 internal constant BOOK_FREEZE_AT = 105;
    uint256 internal constant BOOK_NONCE_AT = 109;
    uint256 internal constant BOOK_END = 117;

    uint256 internal constant CHANNEL_SIGNER_A_AT = 45;
    uint256 internal constant CHANNEL_PAYEE_A_AT = 65;
    uint256 internal constant CHANNEL_SIGNER_B_AT = 85;
    uint256 internal constant CHANNEL_PAYEE_B_AT = 105;
    uint256 internal constant CHANNEL_TOKEN_AT = 125;
    uint256 internal constant CHANNEL_FREEZE_AT = 145;
    uint256 internal constant CHANNEL_NONCE_AT = 149;
    uint256 internal constant CHANNEL_END = 157;

    function pack(ChequebookTerms memory terms) internal pure returns (bytes memory) {
        return abi.encodePacked(terms.owner, terms.issuer, terms.token, terms.freezeSeconds, terms.nonce);
    }

    function pack(ChannelTerms memory terms) internal pure returns (bytes memory) {
        Party memory a = terms.a;
        Party memory b = terms.b;
        return
            abi.encodePacked(a.signer, a.payee, b.signer, b.payee, terms.token, terms.freezeSeconds, terms.nonce);
    }

    /// The address at an offset of this contract's code.
    function addressAt(uint256 offset) internal view returns (address found) {
        assembly ("memory-safe") {
            mstore(0, 0)
            extcodecopy(address(), 12, offset, 20)
            found := mload(0)
        }
    }

    /// The number of `bytes_` bytes (1 to 32) at an offset of this contract's code.
    function numberAt(uint256 offset, uint256 bytes_) internal view returns (uint256 found) {
        assembly ("memory-safe") {
            mstore(0, 0)
            extcodecopy(address(), sub(32, bytes_), offset, bytes_)
            found := mload(0)
        }
    }
}
