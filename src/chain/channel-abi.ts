/**
 * The channel, and what the factory says of channels, in viem's human-readable form; parsed only when viem is loaded.
 * `contracts/artifacts.test.ts` holds them against what solc says.
 */
export const CHANNEL_ABI = [
  'struct Cheque { address beneficiary; uint256 cumulativePayout; bytes32 r; bytes32 vs; }',
  'struct Signature { bytes32 r; bytes32 vs; }',
  'function deposit(address payee, uint256 amount) payable',
  'function submit(Cheque[] cheques)',
  'function startClose(Cheque[] cheques)',
  'function finish()',
  'function closeTogether(uint256 paidByA, uint256 paidByB, uint256 validUntil, Signature byA, Signature byB)',
  'function withdrawTogether(uint256 withdrawnByA, uint256 withdrawnByB, uint256 validUntil, Signature byA, Signature byB)',
  'function claim(address payee)',
  'event Deposited(address indexed payee, address indexed from, uint256 amount)',
  'event TotalRaised(address indexed beneficiary, uint256 cumulativePayout)',
  'event Withdrawn(uint256 withdrawnByA, uint256 withdrawnByB)',
  'event CloseStarted(address indexed by, uint256 closesAt)',
  'event Closed(uint256 toA, uint256 toB)',
  'event PaymentRefused(address indexed payee, uint256 amount)',
  'event Claimed(address indexed payee, uint256 amount)',
] as const;

export const CHANNEL_FACTORY_ABI = [
  'struct Party { address signer; address payee; }',
  'struct ChannelTerms { Party a; Party b; address token; uint32 freezeSeconds; uint64 nonce; }',
  'struct Books { uint112 deposited; uint112 withdrawn; }',
  'struct ChannelFacts { bool hasCode; bool fromFactory; ChannelTerms terms; Books a; Books b; uint256 paidByA; uint256 paidByB; uint256 closesAt; bool closed; uint256 unclaimedByA; uint256 unclaimedByB; }',
  'function openChannel(ChannelTerms terms, address payee) payable returns (address channel)',
  'function channelAddress(ChannelTerms terms) view returns (address)',
  'function channelFacts(address channel) view returns (ChannelFacts facts)',
  'function isChannel(address candidate) view returns (bool)',
  'event ChannelOpened(address indexed channel, address indexed signerA, address indexed signerB, address token, uint256 freezeSeconds, uint256 nonce)',
] as const;
