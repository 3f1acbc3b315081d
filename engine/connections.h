/*
 * For frontend-sanitized, whose start is slow: listens on a socket, and returns in a process of its own for each
 * connection, one after the other. The connection is its standard input and output; the first that comes on it are the
 * variables of the environment: their size as 32 bits, then each with a NUL. Standard output has what each process
 * wrote to standard error, and then how it ended: its exit code, or 128 and the signal.
 */
void serve_connections(const char *socket_path);
