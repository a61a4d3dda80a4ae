//! Machines that the format is not for: the C headers refuse them in words (Rust's runtime does so in its first lines).

use std::path::Path;
use std::process::Command;

use crate::tools::has_tool;

const REFUSAL: &str = "shmrecord needs a 64-bit little-endian machine";

#[test]
fn machines_of_32_bits_or_the_other_byte_order_are_refused_when_compiling() {
    if !has_tool("cc") {
        return;
    }
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/include");
    // What such a compiler would say of itself; building for one needs headers that few machines have.
    let machines: [(&[&str], bool); 3] = [
        (&[], false),
        (&["-U__LP64__"], true),
        (&["-U__BYTE_ORDER__", "-D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__"], true),
    ];
    for (says, is_refused) in machines {
        let mut command = Command::new("cc");
        command.args(["-E", "-include", "shmrecord/base.h", "-x", "c", "/dev/null", "-o", "/dev/null", "-I"]);
        let output = command.arg(&include).args(says).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(text.contains(REFUSAL), is_refused, "{says:?}: {text}");
        assert_eq!(output.status.success(), !is_refused, "{says:?}: {text}");
    }
}
