// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Chequebook} from "Chequebook.sol";

/// A beneficiary that, on being paid, makes one more call of its choice into the chequebook.
contract Reenterer {
    Chequebook private immutable book;
    bytes private next;
    uint256 public entered;
    bool public lastCallWorked;

    constructor(address payable book_) payable {
        book = Chequebook(book_);
    }

    function arm(bytes calldata next_) external {
        next = next_;
    }

    function act(bytes calldata call_) external {
        (bool ok, bytes memory reason) = address(book).call(call_);
        if (!ok) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    receive() external payable {
        entered += 1;
        if (entered > 3) return;
        (lastCallWorked,) = address(book).call(next);
    }
}
