//! Marks: where a process under trace says that its operation begins and ends. Relies on `raise(3)`; knows no tracer.

#![expect(unsafe_code, reason = "raise, which std does not offer")]

/// Runs this between two marks.
pub fn between_marks<T>(operation: impl FnOnce() -> T) -> T {
    mark();
    let result = operation();
    mark();
    result
}

/// Stops this process for its tracer; without one it ends here.
fn mark() {
    // SAFETY: no memory is involved.
    unsafe { libc::raise(libc::SIGTRAP) };
}
