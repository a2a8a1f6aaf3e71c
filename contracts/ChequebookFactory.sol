// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Chequebook} from "./Chequebook.sol";

/// Deploys chequebooks and remembers which are its own: whoever is handed a cheque trusts the code behind a chequebook
/// because this factory deployed it. Has no owner and holds no coin.
contract ChequebookFactory {
    /// What a receiver of cheques must know of a chequebook, in one call and as of one block.
    struct Facts {
        bool hasCode;
        bool fromFactory;
        address issuer;
        uint256 balance;
        uint256 paidOut;
        bool bounced;
        uint256 withdrawableAt;
    }

    mapping(address chequebook => bool) public deployed;

    event ChequebookDeployed(
        address indexed chequebook, address indexed owner, address indexed issuer, uint256 freezeSeconds
    );

    /// Deploys with the coin sent along as the first deposit. The salt is bound to the caller, so that nobody else can
    /// take an address that was foretold; the address follows from caller, owner, issuer, freeze and salt.
    function deploy(address owner, address issuer, uint256 freezeSeconds, bytes32 salt)
        external
        payable
        returns (address chequebook)
    {
        bytes32 bound = keccak256(abi.encode(msg.sender, salt));
        chequebook = address(new Chequebook{salt: bound, value: msg.value}(owner, issuer, freezeSeconds));
        deployed[chequebook] = true;
        emit ChequebookDeployed(chequebook, owner, issuer, freezeSeconds);
    }

    /// Where `deploy` puts, or has put, the chequebook of these arguments.
    function foretell(address caller, address owner, address issuer, uint256 freezeSeconds, bytes32 salt)
        external
        view
        returns (address)
    {
        bytes32 bound = keccak256(abi.encode(caller, salt));
        bytes32 code = keccak256(
            abi.encodePacked(type(Chequebook).creationCode, abi.encode(owner, issuer, freezeSeconds))
        );
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), bound, code)))));
    }

    /// Of a contract this factory did not deploy nothing is asked: its answers would be worth nothing.
    function facts(address payable chequebook, address beneficiary) external view returns (Facts memory known) {
        known.hasCode = chequebook.code.length > 0;
        known.fromFactory = deployed[chequebook];
        if (!known.fromFactory) return known;
        Chequebook book = Chequebook(chequebook);
        known.issuer = book.issuer();
        known.balance = chequebook.balance;
        known.paidOut = book.paidOut(beneficiary);
        known.bounced = book.bounced();
        known.withdrawableAt = book.withdrawableAt();
    }
}
