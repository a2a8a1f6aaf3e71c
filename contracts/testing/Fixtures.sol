// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A payee that, on being paid, makes one more call of its choice, and calls whatever it is told to meanwhile.
contract Reenterer {
    address private target;
    bytes private next;
    uint256 public entered;
    bool public lastCallWorked;

    function arm(address target_, bytes calldata next_) external {
        (target, next) = (target_, next_);
    }

    function act(address to, bytes calldata call_) external payable {
        (bool ok, bytes memory reason) = to.call{value: msg.value}(call_);
        if (!ok) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    receive() external payable {
        enter();
    }

    /// Called by HookToken.
    function tokensReceived() external {
        enter();
    }

    function tokensToSend() external {
        enter();
    }

    function enter() private {
        entered += 1;
        if (entered > 3) return;
        (lastCallWorked,) = target.call(next);
    }
}

/// A payee that can be told to refuse, burn all the gas it gets, or answer without end.
contract Moody {
    uint256 private mood;

    function set(uint256 mood_) external {
        mood = mood_;
    }

    receive() external payable {
        if (mood == 1) revert("not now");
        while (mood == 2) {}
        if (mood == 3) {
            assembly {
                revert(0, 1000000)
            }
        }
    }
}

/// A token as OpenZeppelin makes them.
contract PlainToken is ERC20("Plain", "PLN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Keeps a tenth of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0xfee), amount / 10);
    }
}

/// Tells whoever pays before, and whoever is paid after, as ERC-777 does.
contract HookToken is ERC20("Hook", "HOK") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        bool ignored;
        if (from.code.length > 0) (ignored,) = from.call(abi.encodeWithSignature("tokensToSend()"));
        super._update(from, to, amount);
        if (from != address(0) && to.code.length > 0) {
            (ignored,) = to.call(abi.encodeWithSignature("tokensReceived()"));
        }
    }
}

/// Reverts every transfer while it is paused, as tokens with an administrator can.
contract PausableToken is ERC20("Paused", "PSD") {
    bool public paused;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function pause(bool yes) external {
        paused = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(from == address(0) || !paused, "paused");
        super._update(from, to, amount);
    }
}

/// Tokens from before the standard: one answers nothing, one answers false instead of reverting.
contract OldToken {
    event Transfer(address indexed from, address indexed to, uint256 value);

    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function move(address from, address to, uint256 amount) internal virtual returns (bool) {
        if (balanceOf[from] < amount) return false;
        if (from != msg.sender) {
            if (allowance[from][msg.sender] < amount) return false;
            allowance[from][msg.sender] -= amount;
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
        return true;
    }
}

contract SilentToken is OldToken {
    function transfer(address to, uint256 amount) external {
        require(move(msg.sender, to, amount));
    }

    function transferFrom(address from, address to, uint256 amount) external {
        require(move(from, to, amount));
    }
}

contract FalseToken is OldToken {
    mapping(address => bool) public refused;

    function refuse(address who, bool yes) external {
        refused[who] = yes;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return !refused[to] && move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return !refused[to] && move(from, to, amount);
    }
}
