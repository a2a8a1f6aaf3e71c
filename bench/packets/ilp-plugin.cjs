'use strict';
/**
 * A plugin of ilp-connector without a wire: what the connector sends to this account is answered by `peer`, and what the
 * peer sends is handed to it by `receive`. Instances are found by name, since the connector makes them itself.
 */
const { EventEmitter } = require('node:events');

const plugins = new Map();

class MemoryPlugin extends EventEmitter {
  constructor({ name }) {
    super();
    this.name = name;
    this.connected = false;
    this.peer = async () => Buffer.alloc(0);
    plugins.set(name, this);
  }
  async connect() {
    this.connected = true;
    this.emit('connect');
  }
  async disconnect() {
    this.connected = false;
  }
  isConnected() {
    return this.connected;
  }
  async sendData(packet) {
    return this.peer(packet);
  }
  async sendMoney() {}
  registerDataHandler(handler) {
    this.receive = handler;
  }
  deregisterDataHandler() {}
  registerMoneyHandler() {}
  deregisterMoneyHandler() {}
}
MemoryPlugin.version = 2;
MemoryPlugin.plugins = plugins;
module.exports = MemoryPlugin;
