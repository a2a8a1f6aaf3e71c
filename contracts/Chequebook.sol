// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Cheque, Cheques} from "./Cheques.sol";
import {Money} from "./Money.sol";
import {TermsCode} from "./Terms.sol";

/// A chequebook in native coin or one ERC-20 token: the issuer signs cumulative cheques off the chain, anyone may hand
/// them in, and the money goes to the beneficiary and to nobody else.
///
/// The owner is a cold key that can only take money out, slowly; the issuer is the node's key, which can only sign and
/// set money aside. A deposit is a plain transfer to the chequebook's address.
contract Chequebook is ReentrancyGuardTransient {
    /// An announcement lapses, so that nobody keeps one ready from the first day and uses it when it suits.
    uint256 public constant ANNOUNCEMENT_WINDOW_SECONDS = 7 days;

    /// Amounts have 112 bits (5·10³³), so that what a cheque touches of one beneficiary, and of the whole, is one slot each.
    struct Account {
        uint112 paidOut;
        uint112 reserved;
    }

    struct Books {
        uint112 paidOut;
        uint112 reserved;
        /// A cheque once found too little here. It stays true: it is history, not a state.
        bool bounced;
    }

    /// `from`: seconds since the epoch from when it can be used; 0 without an announcement.
    struct Announcement {
        uint112 amount;
        uint40 from;
    }

    Books private books;
    mapping(address beneficiary => Account) private accounts;
    Announcement private withdrawal;
    mapping(address beneficiary => Announcement) private releases;

    event Deposited(address indexed from, uint256 amount);
    event ChequeCashed(address indexed beneficiary, uint256 cumulativePayout, uint256 paid);
    event ChequeBounced(address indexed beneficiary, uint256 missing);
    event WithdrawalAnnounced(uint256 amount, uint256 from, uint256 until);
    event WithdrawalCancelled();
    event Withdrawn(uint256 amount);
    event Reserved(address indexed beneficiary, uint256 reserved);
    event ReleaseAnnounced(address indexed beneficiary, uint256 amount, uint256 from, uint256 until);
    event ReleaseCancelled(address indexed beneficiary);

    error NothingOwed();
    error SignerNotIssuer();
    error CallerNotOwner();
    error CallerNotOwnerOrIssuer();
    error NothingAnnounced();
    error StillFrozen();
    error AnnouncementLapsed();
    error ReserveNotCovered();
    error NotCoin();

    modifier onlyOwner() {
        if (msg.sender != owner()) revert CallerNotOwner();
        _;
    }

    modifier onlyOwnerOrIssuer() {
        if (msg.sender != owner() && msg.sender != issuer()) revert CallerNotOwnerOrIssuer();
        _;
    }

    receive() external payable {
        if (token() != Money.COIN) revert NotCoin();
        emit Deposited(msg.sender, msg.value);
    }

    /// Pays what the cheque adds to what was paid before, or as much of it as there is; the rest stays owed and can be
    /// cashed with the same cheque once there is money again. Returns what was paid.
    function cash(address beneficiary, uint256 cumulativePayout, bytes calldata issuerSignature)
        external
        nonReentrant
        returns (uint256 paid)
    {
        bytes32 digest = Cheques.digest(Cheques.domain(), beneficiary, cumulativePayout);
        if (Cheques.signer(digest, issuerSignature) != issuer()) revert SignerNotIssuer();
        Account memory account = accounts[beneficiary];
        if (cumulativePayout <= account.paidOut) revert NothingOwed();
        address money = token();
        Books memory sums = books;
        uint256 owed = cumulativePayout - account.paidOut;
        paid = covered(sums, account, owed, Money.held(money));

        // All books are written before anybody's code can run.
        enter(sums, beneficiary, account, paid, owed);
        books = sums;
        if (paid > 0) Money.pay(money, beneficiary, paid);
        tell(beneficiary, cumulativePayout, owed, paid);
    }

    /// Cashes several cheques on this chequebook. One that has nothing left to pay, or whose payment fails, is passed
    /// over, so that nobody can spoil the batch by being quicker or by refusing; a forged one is the caller's mistake
    /// and refused. Returns what was paid for each.
    function cashMany(Cheque[] calldata cheques) external nonReentrant returns (uint256[] memory paid) {
        paid = new uint256[](cheques.length);
        address money = token();
        address signer = issuer();
        bytes32 domain = Cheques.domain();
        Books memory sums = books;
        uint256 held = Money.held(money);
        for (uint256 i = 0; i < cheques.length; ++i) {
            Cheque calldata cheque = cheques[i];
            bytes32 digest = Cheques.digest(domain, cheque.beneficiary, cheque.cumulativePayout);
            if (Cheques.signer(digest, cheque.r, cheque.vs) != signer) revert SignerNotIssuer();
            uint256 amount = cashOne(cheque, money, sums, held);
            paid[i] = amount;
            held -= amount;
        }
        books = sums;
    }

    /// One of several: pays it and books it, or neither. What is booked here nobody else can change meanwhile: whatever
    /// does is as guarded as the caller of this.
    function cashOne(Cheque calldata cheque, address money, Books memory sums, uint256 held)
        private
        returns (uint256 paid)
    {
        address beneficiary = cheque.beneficiary;
        uint256 cumulativePayout = cheque.cumulativePayout;
        Account memory account = accounts[beneficiary];
        if (cumulativePayout <= account.paidOut) return 0;
        uint256 owed = cumulativePayout - account.paidOut;
        paid = covered(sums, account, owed, held);
        if (paid > 0 && !Money.tryPay(money, beneficiary, paid)) return 0;
        enter(sums, beneficiary, account, paid, owed);
        tell(beneficiary, cumulativePayout, owed, paid);
    }

    /// How much of what is owed to a beneficiary there is: what is set aside for others is not.
    function covered(Books memory sums, Account memory account, uint256 owed, uint256 held)
        private
        pure
        returns (uint256)
    {
        uint256 others = sums.reserved - account.reserved;
        if (held < others) return 0;
        return Math.min(owed, held - others);
    }

    /// Books a payment. What is set aside for the beneficiary goes first.
    function enter(Books memory sums, address beneficiary, Account memory account, uint256 paid, uint256 owed) private {
        uint112 amount = SafeCast.toUint112(paid);
        if (account.reserved > 0) {
            uint112 fromReserve = amount < account.reserved ? amount : account.reserved;
            account.reserved -= fromReserve;
            sums.reserved -= fromReserve;
        }
        account.paidOut += amount;
        sums.paidOut += amount;
        if (paid < owed) sums.bounced = true;
        accounts[beneficiary] = account;
    }

    function tell(address beneficiary, uint256 cumulativePayout, uint256 owed, uint256 paid) private {
        emit ChequeCashed(beneficiary, cumulativePayout, paid);
        if (paid < owed) emit ChequeBounced(beneficiary, owed - paid);
    }

    /// Starts the freeze period for a withdrawal, or starts it anew. An amount of 0 cancels. Cheques cash all the while.
    function announceWithdrawal(uint256 amount) external onlyOwner {
        withdrawal = announcement(amount);
        if (amount == 0) emit WithdrawalCancelled();
        else emit WithdrawalAnnounced(withdrawal.amount, withdrawal.from, lapseOf(withdrawal));
    }

    /// Takes what was announced, or what is left of it beside what is set aside, once the freeze period is over. Uses
    /// the announcement up.
    function withdraw() external onlyOwner nonReentrant returns (uint256 taken) {
        taken = ripe(withdrawal);
        delete withdrawal;
        address money = token();
        taken = Math.min(taken, Math.saturatingSub(Money.held(money), books.reserved));
        if (taken > 0) Money.pay(money, owner(), taken);
        emit Withdrawn(taken);
    }

    /// Sets `amount` more aside for one beneficiary: no other cheque and no withdrawal touches it. Ends an announced
    /// release for it.
    function reserve(address beneficiary, uint256 amount) external onlyOwnerOrIssuer nonReentrant {
        Books memory sums = books;
        if (amount > Math.saturatingSub(Money.held(token()), sums.reserved)) revert ReserveNotCovered();
        Account memory account = accounts[beneficiary];
        account.reserved += SafeCast.toUint112(amount);
        sums.reserved += uint112(amount);
        accounts[beneficiary] = account;
        books = sums;
        delete releases[beneficiary];
        emit Reserved(beneficiary, account.reserved);
    }

    /// Starts the freeze period after which `amount` is set aside for a beneficiary no more. 0 cancels.
    function announceRelease(address beneficiary, uint256 amount) external onlyOwnerOrIssuer {
        Announcement memory made = announcement(amount);
        releases[beneficiary] = made;
        if (amount == 0) emit ReleaseCancelled(beneficiary);
        else emit ReleaseAnnounced(beneficiary, made.amount, made.from, lapseOf(made));
    }

    /// Frees what was announced, or what cheques left of it, once the freeze period is over.
    function release(address beneficiary) external onlyOwnerOrIssuer nonReentrant returns (uint256 freed) {
        Account memory account = accounts[beneficiary];
        freed = Math.min(ripe(releases[beneficiary]), account.reserved);
        delete releases[beneficiary];
        account.reserved -= uint112(freed);
        accounts[beneficiary] = account;
        books.reserved -= uint112(freed);
        emit Reserved(beneficiary, account.reserved);
    }

    function announcement(uint256 amount) private view returns (Announcement memory made) {
        if (amount == 0) return made;
        made.amount = uint112(Math.min(amount, type(uint112).max));
        made.from = uint40(block.timestamp + freezeSeconds());
    }

    /// The amount of an announcement that can be used now.
    function ripe(Announcement memory made) private view returns (uint256) {
        if (made.from == 0) revert NothingAnnounced();
        if (block.timestamp < made.from) revert StillFrozen();
        if (block.timestamp > lapseOf(made)) revert AnnouncementLapsed();
        return made.amount;
    }

    function lapseOf(Announcement memory made) private pure returns (uint256) {
        return made.from + ANNOUNCEMENT_WINDOW_SECONDS;
    }

    function owner() public view returns (address) {
        return TermsCode.addressAt(TermsCode.BOOK_OWNER_AT);
    }

    function issuer() public view returns (address) {
        return TermsCode.addressAt(TermsCode.BOOK_ISSUER_AT);
    }

    /// The zero address for native coin.
    function token() public view returns (address) {
        return TermsCode.addressAt(TermsCode.BOOK_TOKEN_AT);
    }

    function freezeSeconds() public view returns (uint256) {
        return TermsCode.numberAt(TermsCode.BOOK_FREEZE_AT, 4);
    }

    function nonce() external view returns (uint256) {
        return TermsCode.numberAt(TermsCode.BOOK_NONCE_AT, 8);
    }

    function balance() external view returns (uint256) {
        return Money.held(token());
    }

    /// The most a cheque to this beneficiary could be paid now.
    function available(address beneficiary) external view returns (uint256) {
        return Math.saturatingSub(Money.held(token()), books.reserved - accounts[beneficiary].reserved);
    }

    /// Paid to a beneficiary so far; never more than the highest cumulative payout the issuer signed for it.
    function paidOut(address beneficiary) external view returns (uint256) {
        return accounts[beneficiary].paidOut;
    }

    function totalPaidOut() external view returns (uint256) {
        return books.paidOut;
    }

    function reserved(address beneficiary) external view returns (uint256) {
        return accounts[beneficiary].reserved;
    }

    function totalReserved() external view returns (uint256) {
        return books.reserved;
    }

    function bounced() external view returns (bool) {
        return books.bounced;
    }

    /// What the owner announced to take, and from when it can; both 0 without an announcement, or once it has lapsed.
    function announcedWithdrawal() external view returns (uint256 amount, uint256 from) {
        return standing(withdrawal);
    }

    function announcedRelease(address beneficiary) external view returns (uint256 amount, uint256 from) {
        return standing(releases[beneficiary]);
    }

    function standing(Announcement memory made) private view returns (uint256 amount, uint256 from) {
        return block.timestamp > lapseOf(made) ? (0, 0) : (uint256(made.amount), uint256(made.from));
    }
}
