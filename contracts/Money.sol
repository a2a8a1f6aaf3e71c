// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Native coin and ERC-20 tokens alike; the zero address stands for the coin. Tokens that answer nothing, or `false`, are
/// understood as what they mean.
library Money {
    address internal constant COIN = address(0);

    /// What a payee's own code may use when several are paid in one transaction, so that none of them can stop the rest.
    /// A wallet contract needs under 10,000; with more to do it is paid alone.
    uint256 internal constant PAYEE_GAS = 50_000;

    error TransferFailed();

    /// What this contract holds.
    function held(address token) internal view returns (uint256) {
        return token == COIN ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    /// Pays or reverts. The payee's code may run.
    function pay(address token, address to, uint256 amount) internal {
        if (!transfer(token, to, amount, gasleft())) revert TransferFailed();
    }

    /// Pays, or answers false and has done nothing.
    function tryPay(address token, address to, uint256 amount) internal returns (bool) {
        return transfer(token, to, amount, PAYEE_GAS);
    }

    function transfer(address token, address to, uint256 amount, uint256 payeeGas) private returns (bool done) {
        if (token != COIN) return SafeERC20.trySafeTransfer(IERC20(token), to, amount);
        // Whatever the payee answers is not copied: it could be endless.
        assembly ("memory-safe") {
            done := call(payeeGas, to, amount, 0, 0, 0, 0)
        }
    }
}
