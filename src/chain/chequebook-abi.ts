/**
 * The parts of the factory and the chequebook this program calls and reads, in viem's human-readable form; parsed only
 * when viem is loaded. `contracts/artifacts.test.ts` holds them against what solc says.
 */
export const CHEQUEBOOK_ABI = [
  'struct Cheque { address beneficiary; uint256 cumulativePayout; bytes32 r; bytes32 vs; }',
  'function cash(address beneficiary, uint256 cumulativePayout, bytes issuerSignature) returns (uint256 paid)',
  'function cashMany(Cheque[] cheques) returns (uint256[] paid)',
  'function announceWithdrawal(uint256 amount)',
  'function withdraw() returns (uint256 taken)',
  'function reserve(address beneficiary, uint256 amount)',
  'function announceRelease(address beneficiary, uint256 amount)',
  'function release(address beneficiary) returns (uint256 freed)',
  'event Deposited(address indexed from, uint256 amount)',
  'event ChequeCashed(address indexed beneficiary, uint256 cumulativePayout, uint256 paid)',
  'event ChequeBounced(address indexed beneficiary, uint256 missing)',
  'event WithdrawalAnnounced(uint256 amount, uint256 from, uint256 until)',
  'event WithdrawalCancelled()',
  'event Withdrawn(uint256 amount)',
] as const;

export const FACTORY_ABI = [
  'struct ChequebookTerms { address owner; address issuer; address token; uint32 freezeSeconds; uint64 nonce; }',
  'struct ChequebookFacts { bool hasCode; bool fromFactory; ChequebookTerms terms; uint256 balance; uint256 available; uint256 paidOut; uint256 reserved; uint256 totalPaidOut; bool bounced; uint256 withdrawalAmount; uint256 withdrawableAt; uint256 releaseAmount; uint256 releasableAt; }',
  'struct Claim { address chequebook; address beneficiary; uint256 cumulativePayout; bytes32 r; bytes32 vs; }',
  'function deployChequebook(ChequebookTerms terms) payable returns (address chequebook)',
  'function chequebookAddress(ChequebookTerms terms) view returns (address)',
  'function chequebookFacts(address chequebook, address token, address beneficiary) view returns (ChequebookFacts facts)',
  'function isChequebook(address candidate) view returns (bool)',
  'function cashAcross(Claim[] claims) returns (uint256[] paid)',
  'event ChequebookDeployed(address indexed chequebook, address indexed owner, address indexed issuer, address token, uint256 freezeSeconds, uint256 nonce)',
] as const;
