// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Channel} from "./Channel.sol";
import {Chequebook} from "./Chequebook.sol";
import {Cheque} from "./Cheques.sol";
import {Money} from "./Money.sol";
import {ChannelTerms, ChequebookTerms, Party, TermsCode} from "./Terms.sol";

/// Deploys chequebooks and channels: minimal proxies of two contracts that nobody can exchange, with their terms behind
/// them in their code. Whoever is handed a cheque trusts the code it is drawn on because it stands at the address that
/// this factory gives such terms. Has no owner, keeps no list and holds no money.
contract WayleaveFactory {
    /// Shorter would not give a beneficiary time to cash; longer is a typing error that would lock the owner's money.
    uint256 public constant MIN_FREEZE_SECONDS = 1 hours;
    uint256 public constant MAX_FREEZE_SECONDS = 90 days;

    /// The code behind every chequebook, and behind every channel.
    address public immutable chequebookCode;
    address public immutable channelCode;

    /// What a receiver of cheques must know of a chequebook, in one call and as of one block. In another token than asked
    /// for, all after the terms is 0.
    struct ChequebookFacts {
        bool hasCode;
        bool fromFactory;
        ChequebookTerms terms;
        uint256 balance;
        /// The most this beneficiary could be paid now.
        uint256 available;
        uint256 paidOut;
        uint256 reserved;
        uint256 totalPaidOut;
        bool bounced;
        /// Announced by the owner, or for the beneficiary's reserve; 0 when nothing is announced.
        uint256 withdrawalAmount;
        uint256 withdrawableAt;
        uint256 releaseAmount;
        uint256 releasableAt;
    }

    /// What a party of a channel must know of it.
    struct ChannelFacts {
        bool hasCode;
        bool fromFactory;
        ChannelTerms terms;
        Channel.Books a;
        Channel.Books b;
        uint256 paidByA;
        uint256 paidByB;
        uint256 closesAt;
        bool closed;
        uint256 unclaimedByA;
        uint256 unclaimedByB;
    }

    /// A cheque on whatever chequebook.
    struct Claim {
        address chequebook;
        address beneficiary;
        uint256 cumulativePayout;
        bytes32 r;
        bytes32 vs;
    }

    event ChequebookDeployed(
        address indexed chequebook,
        address indexed owner,
        address indexed issuer,
        address token,
        uint256 freezeSeconds,
        uint256 nonce
    );
    event ChannelOpened(
        address indexed channel,
        address indexed signerA,
        address indexed signerB,
        address token,
        uint256 freezeSeconds,
        uint256 nonce
    );

    error AddressZero();
    error CallerNotOwnerOrIssuer();
    error FreezeOutOfRange();
    error TokenWithoutCode();
    error PartiesNotInOrder();
    error PayeesAlike();
    error TransferFailed();

    constructor() {
        chequebookCode = address(new Chequebook());
        channelCode = address(new Channel());
    }

    /// Deploys the chequebook of these terms if it does not stand yet, and puts the coin sent along into it. Only its
    /// owner or issuer does: a node that finds its own standing may take it that the first deposit was made.
    function deployChequebook(ChequebookTerms calldata terms) external payable returns (address chequebook) {
        // ecrecover answers 0 for nonsense: an issuer of 0 would sign everything.
        if (terms.owner == address(0) || terms.issuer == address(0)) revert AddressZero();
        if (msg.sender != terms.owner && msg.sender != terms.issuer) revert CallerNotOwnerOrIssuer();
        bool isNew;
        (chequebook, isNew) = place(chequebookCode, TermsCode.pack(terms), terms.token, terms.freezeSeconds);
        if (isNew) {
            emit ChequebookDeployed(
                chequebook, terms.owner, terms.issuer, terms.token, terms.freezeSeconds, terms.nonce
            );
        }
        if (msg.value > 0) Money.pay(Money.COIN, chequebook, msg.value);
    }

    /// Opens the channel of these terms if it does not stand yet; the coin sent along is a deposit of the party `payee`.
    /// Anyone may: the terms are the salt, so it is the same channel whoever comes first.
    function openChannel(ChannelTerms calldata terms, address payee) external payable returns (address channel) {
        // Signers are told apart by their order, and cheques drawn on the channel by their payees.
        if (terms.a.signer >= terms.b.signer) revert PartiesNotInOrder();
        if (terms.a.payee == terms.b.payee) revert PayeesAlike();
        if (terms.a.signer == address(0) || terms.a.payee == address(0) || terms.b.payee == address(0)) {
            revert AddressZero();
        }
        bool isNew;
        (channel, isNew) = place(channelCode, TermsCode.pack(terms), terms.token, terms.freezeSeconds);
        if (isNew) {
            emit ChannelOpened(
                channel, terms.a.signer, terms.b.signer, terms.token, terms.freezeSeconds, terms.nonce
            );
        }
        if (msg.value > 0) Channel(payable(channel)).deposit{value: msg.value}(payee, msg.value);
    }

    function place(address code, bytes memory terms, address token, uint256 freezeSeconds)
        private
        returns (address instance, bool isNew)
    {
        if (freezeSeconds < MIN_FREEZE_SECONDS || freezeSeconds > MAX_FREEZE_SECONDS) revert FreezeOutOfRange();
        // A transfer of a token that is none would seem to succeed.
        if (token != Money.COIN && token.code.length == 0) revert TokenWithoutCode();
        instance = Clones.predictDeterministicAddressWithImmutableArgs(code, terms, 0);
        isNew = instance.code.length == 0;
        if (isNew) Clones.cloneDeterministicWithImmutableArgs(code, terms, 0);
    }

    /// Cashes cheques on many chequebooks. One that cannot be cashed is passed over. Returns what was paid for each.
    function cashAcross(Claim[] calldata claims) external returns (uint256[] memory paid) {
        paid = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata claim = claims[i];
            // s without its highest bit, which says which v.
            bytes32 s = claim.vs & bytes32(~(uint256(1) << 255));
            uint8 v = uint8(27 + (uint256(claim.vs) >> 255));
            bytes memory signature = abi.encodePacked(claim.r, s, v);
            bytes memory call = abi.encodeCall(Chequebook.cash, (claim.beneficiary, claim.cumulativePayout, signature));
            (bool done, bytes32 answer,) = LowLevelCall.callReturn64Bytes(claim.chequebook, call);
            if (done && LowLevelCall.returnDataSize() == 32) paid[i] = uint256(answer);
        }
    }

    /// Where `deployChequebook` puts, or has put, the chequebook of these terms.
    function chequebookAddress(ChequebookTerms calldata terms) external view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(chequebookCode, TermsCode.pack(terms), 0);
    }

    /// Where `openChannel` puts, or has put, the channel of these terms.
    function channelAddress(ChannelTerms calldata terms) external view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(channelCode, TermsCode.pack(terms), 0);
    }

    function isChequebook(address candidate) public view returns (bool) {
        return isPlaced(chequebookCode, TermsCode.BOOK_END, candidate);
    }

    function isChannel(address candidate) public view returns (bool) {
        return isPlaced(channelCode, TermsCode.CHANNEL_END, candidate);
    }

    /// A contract is this factory's if it stands where this factory puts what has its terms. Only the factory can put
    /// anything there, and it puts nothing else.
    function isPlaced(address code, uint256 size, address candidate) private view returns (bool) {
        if (candidate.code.length != size) return false;
        bytes memory terms = Clones.fetchCloneArgs(candidate);
        return Clones.predictDeterministicAddressWithImmutableArgs(code, terms, 0) == candidate;
    }

    /// For who counts in `token`. Of a contract that is not this factory's nothing is asked, and of a chequebook in another
    /// token nothing but its terms: that token could answer anything, or nothing.
    function chequebookFacts(address chequebook, address token, address beneficiary)
        external
        view
        returns (ChequebookFacts memory facts)
    {
        facts.hasCode = chequebook.code.length > 0;
        facts.fromFactory = isChequebook(chequebook);
        if (!facts.fromFactory) return facts;
        Chequebook book = Chequebook(payable(chequebook));
        facts.terms = ChequebookTerms(
            book.owner(), book.issuer(), book.token(), uint32(book.freezeSeconds()), uint64(book.nonce())
        );
        if (facts.terms.token != token) return facts;
        facts.balance = book.balance();
        facts.available = book.available(beneficiary);
        facts.paidOut = book.paidOut(beneficiary);
        facts.reserved = book.reserved(beneficiary);
        facts.totalPaidOut = book.totalPaidOut();
        facts.bounced = book.bounced();
        (facts.withdrawalAmount, facts.withdrawableAt) = book.announcedWithdrawal();
        (facts.releaseAmount, facts.releasableAt) = book.announcedRelease(beneficiary);
    }

    function channelFacts(address channel) external view returns (ChannelFacts memory facts) {
        facts.hasCode = channel.code.length > 0;
        facts.fromFactory = isChannel(channel);
        if (!facts.fromFactory) return facts;
        Channel pair = Channel(payable(channel));
        facts.terms = ChannelTerms(
            Party(pair.signerA(), pair.payeeA()),
            Party(pair.signerB(), pair.payeeB()),
            pair.token(),
            uint32(pair.freezeSeconds()),
            uint64(pair.nonce())
        );
        (facts.a, facts.b) = pair.books();
        (facts.paidByA, facts.paidByB) = pair.totals();
        facts.closesAt = pair.closesAt();
        facts.closed = pair.closed();
        facts.unclaimedByA = pair.unclaimed(facts.terms.a.payee);
        facts.unclaimedByB = pair.unclaimed(facts.terms.b.payee);
    }
}
