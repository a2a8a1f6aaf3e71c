// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Cheque, Cheques} from "./Cheques.sol";
import {Money} from "./Money.sol";
import {TermsCode} from "./Terms.sol";

/// A payment channel of two parties, in native coin or one ERC-20 token. Its state is two totals that only grow, what a
/// has paid b and what b has paid a, each signed by its payer alone as a cheque drawn on this channel; what was received
/// can be paid on. Both sign only to take money out early or to close at once.
///
/// Anyone may hand in cheques, also while a close is pending: whoever watches for a party needs no key.
contract Channel is ReentrancyGuardTransient {
    bytes32 private constant DOMAIN_TYPE_HASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("Wayleave channel");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant CLOSE_TYPE_HASH = keccak256("Close(uint256 paidByA,uint256 paidByB,uint256 validUntil)");
    bytes32 private constant WITHDRAWAL_TYPE_HASH =
        keccak256("Withdrawal(uint256 withdrawnByA,uint256 withdrawnByB,uint256 validUntil)");

    /// In `closesAt`: all is over. No time in this century.
    uint32 private constant CLOSED = type(uint32).max;

    /// 112 bits hold any amount of any token worth having (5·10³³), so that the state is one slot.
    struct Books {
        uint112 deposited;
        uint112 withdrawn;
    }

    struct State {
        uint112 paidByA;
        uint112 paidByB;
        /// Seconds since the epoch from when a pending close can be finished; 0 while none is pending.
        uint32 closesAt;
    }

    /// A signature in two words (EIP-2098).
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    State private state;
    Books private booksOfA;
    Books private booksOfB;

    /// What a payee refused when it was paid out, and can still have.
    mapping(address payee => uint256) public unclaimed;

    event Deposited(address indexed payee, address indexed from, uint256 amount);
    event TotalRaised(address indexed beneficiary, uint256 cumulativePayout);
    event Withdrawn(uint256 withdrawnByA, uint256 withdrawnByB);
    event CloseStarted(address indexed by, uint256 closesAt);
    event Closed(uint256 toA, uint256 toB);
    event PaymentRefused(address indexed payee, uint256 amount);
    event Claimed(address indexed payee, uint256 amount);

    error NotAParty();
    error SignerNotPayer();
    error SignerNotParty();
    error AmountMismatch();
    error NotCoin();
    error NothingNew();
    error NotCovered();
    error AgreementLapsed();
    error AlreadyClosing();
    error AlreadyClosed();
    error NotClosing();
    error StillFrozen();
    error NothingOwed();

    receive() external payable {
        revert AmountMismatch();
    }

    /// Adds to what the party of this payee has here; anyone may. Tokens are drawn from the caller, who approved it, and
    /// what arrived counts; coin comes with the call.
    function deposit(address payee, uint256 amount) external payable nonReentrant {
        open();
        bool ofA = payee == payeeA();
        if (!ofA && payee != payeeB()) revert NotAParty();
        uint256 arrived = take(amount);
        Books storage mine = ofA ? booksOfA : booksOfB;
        mine.deposited += SafeCast.toUint112(arrived);
        emit Deposited(payee, msg.sender, arrived);
    }

    function take(uint256 amount) private returns (uint256 arrived) {
        address money = token();
        if (money == Money.COIN) {
            if (msg.value != amount) revert AmountMismatch();
            return amount;
        }
        if (msg.value != 0) revert NotCoin();
        uint256 before = Money.held(money);
        SafeERC20.safeTransferFrom(IERC20(money), msg.sender, address(this), amount);
        return Money.held(money) - before;
    }

    /// Raises totals to what the cheques say; one that says no more than is known is passed over. Until the channel is
    /// closed, by anyone.
    function submit(Cheque[] calldata cheques) external {
        State memory now_ = open();
        if (!raise(now_, cheques)) revert NothingNew();
        state = now_;
    }

    /// A party that will not wait for the other to agree starts the freeze period, in which newer totals win.
    function startClose(Cheque[] calldata cheques) external {
        State memory now_ = open();
        if (now_.closesAt != 0) revert AlreadyClosing();
        address by = msg.sender;
        if (by != signerA() && by != signerB() && by != payeeA() && by != payeeB()) revert NotAParty();
        raise(now_, cheques);
        now_.closesAt = SafeCast.toUint32(block.timestamp + freezeSeconds());
        state = now_;
        emit CloseStarted(by, now_.closesAt);
    }

    /// Pays both their share by the newest totals, once the freeze period is over. Anyone may.
    function finish() external nonReentrant {
        State memory now_ = open();
        if (now_.closesAt == 0) revert NotClosing();
        if (block.timestamp < now_.closesAt) revert StillFrozen();
        close(now_);
    }

    /// Closes at once by totals both signed, which may be lower than those signed before.
    function closeTogether(
        uint256 paidByA,
        uint256 paidByB,
        uint256 validUntil,
        Signature calldata byA,
        Signature calldata byB
    ) external nonReentrant {
        State memory now_ = open();
        checkBoth(keccak256(abi.encode(CLOSE_TYPE_HASH, paidByA, paidByB, validUntil)), validUntil, byA, byB);
        now_.paidByA = clamp(paidByA);
        now_.paidByB = clamp(paidByB);
        close(now_);
    }

    /// Pays out before the end what both agreed on, as totals of all that was ever taken out, so that it counts once.
    function withdrawTogether(
        uint256 withdrawnByA,
        uint256 withdrawnByB,
        uint256 validUntil,
        Signature calldata byA,
        Signature calldata byB
    ) external nonReentrant {
        open();
        bytes32 agreed = keccak256(abi.encode(WITHDRAWAL_TYPE_HASH, withdrawnByA, withdrawnByB, validUntil));
        checkBoth(agreed, validUntil, byA, byB);
        (Books memory a, Books memory b) = (booksOfA, booksOfB);
        if (withdrawnByA < a.withdrawn || withdrawnByB < b.withdrawn) revert NothingNew();
        uint256 toA = withdrawnByA - a.withdrawn;
        uint256 toB = withdrawnByB - b.withdrawn;
        if (toA == 0 && toB == 0) revert NothingNew();
        uint256 deposited = uint256(a.deposited) + b.deposited;
        if (withdrawnByA > deposited || withdrawnByB > deposited - withdrawnByA) revert NotCovered();
        booksOfA.withdrawn = uint112(withdrawnByA);
        booksOfB.withdrawn = uint112(withdrawnByB);
        emit Withdrawn(withdrawnByA, withdrawnByB);
        payOut(payeeA(), toA);
        payOut(payeeB(), toB);
    }

    /// Pays a payee what it could not be paid before. Anyone may.
    function claim(address payee) external nonReentrant {
        uint256 amount = unclaimed[payee];
        if (amount == 0) revert NothingOwed();
        unclaimed[payee] = 0;
        Money.pay(token(), payee, amount);
        emit Claimed(payee, amount);
    }

    function open() private view returns (State memory now_) {
        now_ = state;
        if (now_.closesAt == CLOSED) revert AlreadyClosed();
    }

    /// Whether any of the cheques said something new.
    function raise(State memory now_, Cheque[] calldata cheques) private returns (bool raised) {
        bytes32 domain = Cheques.domain();
        for (uint256 i = 0; i < cheques.length; ++i) {
            Cheque calldata cheque = cheques[i];
            bool toA = cheque.beneficiary == payeeA();
            if (!toA && cheque.beneficiary != payeeB()) revert NotAParty();
            // What is more than any deposit is worth as much as all of it.
            uint112 total = clamp(cheque.cumulativePayout);
            if (total <= (toA ? now_.paidByB : now_.paidByA)) continue;
            bytes32 digest = Cheques.digest(domain, cheque.beneficiary, cheque.cumulativePayout);
            if (Cheques.signer(digest, cheque.r, cheque.vs) != (toA ? signerB() : signerA())) revert SignerNotPayer();
            if (toA) now_.paidByB = total;
            else now_.paidByA = total;
            raised = true;
            emit TotalRaised(cheque.beneficiary, cheque.cumulativePayout);
        }
    }

    function checkBoth(bytes32 agreed, uint256 validUntil, Signature calldata byA, Signature calldata byB) private view {
        if (block.timestamp > validUntil) revert AgreementLapsed();
        bytes32 domain =
            keccak256(abi.encode(DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, agreed);
        if (Cheques.signer(digest, byA.r, byA.vs) != signerA()) revert SignerNotParty();
        if (Cheques.signer(digest, byB.r, byB.vs) != signerB()) revert SignerNotParty();
    }

    function close(State memory now_) private {
        (uint256 toA, uint256 toB) = split(now_);
        now_.closesAt = CLOSED;
        state = now_;
        emit Closed(toA, toB);
        payOut(payeeA(), toA);
        payOut(payeeB(), toB);
    }

    /// What each would be paid if these totals were the last. What a owes beyond what it has is b's loss, never more.
    function split(State memory now_) private view returns (uint256 toA, uint256 toB) {
        (Books memory a, Books memory b) = (booksOfA, booksOfB);
        uint256 pot = uint256(a.deposited) + b.deposited - a.withdrawn - b.withdrawn;
        uint256 credit = uint256(a.deposited) + now_.paidByB;
        uint256 debit = uint256(a.withdrawn) + now_.paidByA;
        toA = Math.min(Math.saturatingSub(credit, debit), pot);
        toB = pot - toA;
    }

    /// A payee that cannot be paid keeps its claim and does not keep the other from its money.
    function payOut(address payee, uint256 amount) private {
        if (amount == 0 || Money.tryPay(token(), payee, amount)) return;
        unclaimed[payee] += amount;
        emit PaymentRefused(payee, amount);
    }

    function clamp(uint256 amount) private pure returns (uint112) {
        return uint112(Math.min(amount, type(uint112).max));
    }

    function signerA() public view returns (address) {
        return TermsCode.addressAt(TermsCode.CHANNEL_SIGNER_A_AT);
    }

    function payeeA() public view returns (address) {
        return TermsCode.addressAt(TermsCode.CHANNEL_PAYEE_A_AT);
    }

    function signerB() public view returns (address) {
        return TermsCode.addressAt(TermsCode.CHANNEL_SIGNER_B_AT);
    }

    function payeeB() public view returns (address) {
        return TermsCode.addressAt(TermsCode.CHANNEL_PAYEE_B_AT);
    }

    /// The zero address for native coin.
    function token() public view returns (address) {
        return TermsCode.addressAt(TermsCode.CHANNEL_TOKEN_AT);
    }

    function freezeSeconds() public view returns (uint256) {
        return TermsCode.numberAt(TermsCode.CHANNEL_FREEZE_AT, 4);
    }

    function nonce() external view returns (uint256) {
        return TermsCode.numberAt(TermsCode.CHANNEL_NONCE_AT, 8);
    }

    /// Deposited and withdrawn so far, by a and by b. What a close pays out is not in it.
    function books() external view returns (Books memory a, Books memory b) {
        return (booksOfA, booksOfB);
    }

    /// The newest totals the chain knows of.
    function totals() external view returns (uint256 paidByA, uint256 paidByB) {
        return (state.paidByA, state.paidByB);
    }

    /// From when a pending close can be finished, in seconds since the epoch; 0 while none is pending, or it is over.
    function closesAt() external view returns (uint256) {
        return state.closesAt == CLOSED ? 0 : state.closesAt;
    }

    function closed() external view returns (bool) {
        return state.closesAt == CLOSED;
    }

    /// What each would be paid if the totals known now were the last; 0 after the close.
    function shares() external view returns (uint256 toA, uint256 toB) {
        if (state.closesAt != CLOSED) return split(state);
    }
}
