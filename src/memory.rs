//! How the program takes memory from the system.

/// Takes memory in pages of 4 KiB. Of the large ones (2 MiB) which Linux gives out otherwise, a program that holds a
/// little for each of many connections leaves more than half unused, and it is counted as ours all the same.
///
/// To be called before there is much; where the system has no large pages it does nothing.
pub fn take_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
