//! The binary as its users run it: a process of its own, over real sockets, beside operator commands.

mod demo;
mod serve;
mod until;
