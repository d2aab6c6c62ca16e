//! Starts the panel. On anything but a browser this does nothing; the crate is built there for its tests.

/// Two kilobytes less to download than the standard library's.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    #[cfg(target_arch = "wasm32")]
    widget::app::start();
}
