//! `roster`, the program: all of it is in the library, which is compiled once for this and for every test and benchmark.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    roster::program::run()
}
