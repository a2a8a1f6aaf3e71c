// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A chequebook in native coin: the issuer signs cumulative cheques off the chain, anyone may hand one in, and the coin
/// goes to the beneficiary and to nobody else. The cheque is Swarm's, to the byte, so that the two kinds of chequebook
/// take each other's cheques (DESIGN §12).
///
/// The owner is a cold key that can only take money out, slowly; the issuer is the node's key, which can only sign.
contract Chequebook {
    /// Shorter would not give a beneficiary time to cash; longer is a typing error that would lock the owner's money.
    uint256 public constant MIN_FREEZE_SECONDS = 1 hours;
    uint256 public constant MAX_FREEZE_SECONDS = 90 days;

    /// An announcement lapses, so that nobody keeps one ready from the first day and pulls the coin when it suits.
    uint256 public constant WITHDRAWAL_WINDOW_SECONDS = 7 days;

    /// Swarm's domain has no verifyingContract: the chequebook's address stands inside the cheque.
    bytes32 private constant DOMAIN_TYPE_HASH = keccak256("EIP712Domain(string name,string version,uint256 chainId)");
    bytes32 private constant CHEQUE_TYPE_HASH =
        keccak256("Cheque(address chequebook,address beneficiary,uint256 cumulativePayout)");
    bytes32 private constant NAME_HASH = keccak256("Chequebook");
    bytes32 private constant VERSION_HASH = keccak256("1.0");

    /// Half the order of secp256k1. Every signature has a twin with s above it (EIP-2); only the lower one counts.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    address public immutable owner;
    address public immutable issuer;
    uint256 public immutable freezeSeconds;

    /// Paid so far, by beneficiary; never more than the highest cumulative payout the issuer signed for it.
    mapping(address beneficiary => uint256) public paidOut;
    uint256 public totalPaidOut;

    /// A cheque once found too little coin here. It stays true: it is history, not a state.
    bool public bounced;

    /// What the owner announced, and from when it can be taken; both 0 without an announcement.
    uint256 public announcedWei;
    uint256 public announcedFrom;

    event Deposited(address indexed from, uint256 amount);
    event ChequeCashed(address indexed beneficiary, address indexed caller, uint256 cumulativePayout, uint256 paid);
    event ChequeBounced(address indexed beneficiary, uint256 missing);
    event WithdrawalAnnounced(uint256 amount, uint256 from, uint256 until);
    event WithdrawalCancelled();
    event Withdrawn(uint256 amount);

    error AddressZero();
    error FreezeOutOfRange();
    error NothingOwed();
    error SignatureMalformed();
    error SignerNotIssuer();
    error TransferFailed();
    error CallerNotOwner();
    error NothingAnnounced();
    error StillFrozen();
    error AnnouncementLapsed();

    modifier onlyOwner() {
        if (msg.sender != owner) revert CallerNotOwner();
        _;
    }

    constructor(address owner_, address issuer_, uint256 freezeSeconds_) payable {
        // ecrecover answers 0 for nonsense: an issuer of 0 would sign everything.
        if (owner_ == address(0) || issuer_ == address(0)) revert AddressZero();
        if (freezeSeconds_ < MIN_FREEZE_SECONDS || freezeSeconds_ > MAX_FREEZE_SECONDS) revert FreezeOutOfRange();
        owner = owner_;
        issuer = issuer_;
        freezeSeconds = freezeSeconds_;
        if (msg.value > 0) emit Deposited(msg.sender, msg.value);
    }

    receive() external payable {
        emit Deposited(msg.sender, msg.value);
    }

    function balance() external view returns (uint256) {
        return address(this).balance;
    }

    /// From when the announced withdrawal can be taken; 0 when none is announced, or it has lapsed.
    function withdrawableAt() external view returns (uint256) {
        if (block.timestamp > announcedFrom + WITHDRAWAL_WINDOW_SECONDS) return 0;
        return announcedFrom;
    }

    /// Pays what the cheque adds to what was paid before, or as much of it as there is; the rest stays owed and can be
    /// cashed with the same cheque once there is coin again. Returns what was paid.
    function cash(address beneficiary, uint256 cumulativePayout, bytes calldata issuerSignature)
        external
        returns (uint256 paid)
    {
        if (recover(chequeDigest(beneficiary, cumulativePayout), issuerSignature) != issuer) revert SignerNotIssuer();
        uint256 before = paidOut[beneficiary];
        if (cumulativePayout <= before) revert NothingOwed();
        uint256 owed = cumulativePayout - before;
        uint256 available = address(this).balance;
        paid = owed < available ? owed : available;

        // All books are written before the beneficiary's code can run.
        paidOut[beneficiary] = before + paid;
        totalPaidOut += paid;
        emit ChequeCashed(beneficiary, msg.sender, cumulativePayout, paid);
        if (paid < owed) {
            bounced = true;
            emit ChequeBounced(beneficiary, owed - paid);
        }
        send(beneficiary, paid);
    }

    /// Starts the freeze period for a withdrawal, or starts it anew. An amount of 0 cancels. Cheques cash all the while.
    function announceWithdrawal(uint256 amount) external onlyOwner {
        announcedWei = amount;
        if (amount == 0) {
            announcedFrom = 0;
            emit WithdrawalCancelled();
            return;
        }
        uint256 from = block.timestamp + freezeSeconds;
        announcedFrom = from;
        emit WithdrawalAnnounced(amount, from, from + WITHDRAWAL_WINDOW_SECONDS);
    }

    /// Takes what was announced, or what is left of it, once the freeze period is over. Uses the announcement up.
    function withdraw() external onlyOwner returns (uint256 taken) {
        uint256 amount = announcedWei;
        uint256 from = announcedFrom;
        if (amount == 0) revert NothingAnnounced();
        if (block.timestamp < from) revert StillFrozen();
        if (block.timestamp > from + WITHDRAWAL_WINDOW_SECONDS) revert AnnouncementLapsed();
        announcedWei = 0;
        announcedFrom = 0;
        uint256 available = address(this).balance;
        taken = amount < available ? amount : available;
        emit Withdrawn(taken);
        send(owner, taken);
    }

    function chequeDigest(address beneficiary, uint256 cumulativePayout) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, block.chainid));
        bytes32 cheque = keccak256(abi.encode(CHEQUE_TYPE_HASH, address(this), beneficiary, cumulativePayout));
        return keccak256(abi.encodePacked(hex"1901", domain, cheque));
    }

    /// The signer of r ‖ s ‖ v, 65 bytes with v 27 or 28 and s in the lower half.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length != 65) revert SignatureMalformed();
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) revert SignatureMalformed();
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert SignatureMalformed();
    }

    function send(address to, uint256 amount) private {
        if (amount == 0) return;
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert TransferFailed();
    }
}
