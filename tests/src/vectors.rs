//! How wide the vectors are that a program copies words by: as many as this processor has. Relies on the variable that both
//! runtimes read.

use std::process::Command;

/// The most that a program is to use, in bytes: everything that makes a difference here. Says what does not.
#[must_use]
pub fn widths() -> Vec<u32> {
    #[cfg(target_arch = "x86_64")]
    let has = |&bytes: &u32| match bytes {
        64 => is_x86_feature_detected!("avx512f"),
        32 => is_x86_feature_detected!("avx2"),
        _ => true,
    };
    // Elsewhere words are copied one by one, whatever is said.
    #[cfg(not(target_arch = "x86_64"))]
    let has = |&bytes: &u32| bytes == 16;
    let (here, lacking): (Vec<_>, Vec<_>) = [64, 32, 16].into_iter().partition(has);
    if !lacking.is_empty() {
        println!("skipped: vectors of {lacking:?} bytes, which this processor does not have");
    }
    here
}

/// Keeps a program from using wider ones.
pub fn limit(command: &mut Command, bytes: u32) -> &mut Command {
    command.env("SHMRECORD_VECTORS", bytes.to_string())
}
