//! The API from outside: the real router over both stores, and the real server on real sockets.

mod server;
