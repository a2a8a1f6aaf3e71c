/**
 * What is called and read of an ERC-20 token, in viem's human-readable form; parsed only when viem is loaded. Old tokens
 * answer nothing where the standard has a bool: do not decode what `transfer` and `approve` return.
 */
export const TOKEN_ABI = [
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
  'function balanceOf(address account) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function transfer(address to, uint256 value) returns (bool)',
  'function approve(address spender, uint256 value) returns (bool)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
] as const;
