//! Has the linker write the library's name and the version of its interface into it: programs load
//! the version that they were linked with.

/// Changes with the interface, when a program must be compiled anew to use it.
const SONAME: &str = "libostler_broker.so.1";

fn main() {
    println!("cargo:rerun-if-changed=linking.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
}
