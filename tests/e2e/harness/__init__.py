"""What the end-to-end tests stand on: processes, certificates, servers and deployed clients."""
