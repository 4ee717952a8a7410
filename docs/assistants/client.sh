#!/bin/sh
# Calls one tool of TicketFlower, and prints the whole answer.
#   sh client.sh https://YOUR-SERVER/mcp TOKEN TOOL '{"argument": "value"}'
set -eu
address=$1 token=$2 tool=$3 arguments=${4:-"{}"}
version=2026-07-28
curl --silent --show-error "$address" \
  --header "Authorization: Bearer $token" \
  --header "Content-Type: application/json" \
  --header "Mcp-Protocol-Version: $version" \
  --header "Mcp-Method: tools/call" \
  --header "Mcp-Name: $tool" \
  --data-binary @- <<EOF
{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
 "params": {"name": "$tool", "arguments": $arguments,
  "_meta": {"io.modelcontextprotocol/protocolVersion": "$version",
            "io.modelcontextprotocol/clientCapabilities": {}}}}
EOF
