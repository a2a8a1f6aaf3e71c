/**
 * The parts of the two contracts this program calls and reads, in viem's human-readable form; parsed only when viem is
 * loaded. `contracts/artifacts.test.ts` holds them against what solc says.
 */
export const CHEQUEBOOK_ABI = [
  'function cash(address beneficiary, uint256 cumulativePayout, bytes issuerSignature) returns (uint256 paid)',
  'event ChequeCashed(address indexed beneficiary, address indexed caller, uint256 cumulativePayout, uint256 paid)',
  'event ChequeBounced(address indexed beneficiary, uint256 missing)',
] as const;

export const FACTORY_ABI = [
  'struct Facts { bool hasCode; bool fromFactory; address issuer; uint256 balance; uint256 paidOut; bool bounced; uint256 withdrawableAt; }',
  'function deploy(address owner, address issuer, uint256 freezeSeconds, bytes32 salt) payable returns (address chequebook)',
  'function foretell(address caller, address owner, address issuer, uint256 freezeSeconds, bytes32 salt) view returns (address)',
  'function facts(address chequebook, address beneficiary) view returns (Facts known)',
  'function deployed(address chequebook) view returns (bool)',
  'event ChequebookDeployed(address indexed chequebook, address indexed owner, address indexed issuer, uint256 freezeSeconds)',
] as const;
