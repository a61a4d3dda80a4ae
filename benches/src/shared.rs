//! Anonymous memory that a process shares with the children it forks from then on. Relies on `mmap`; knows nothing of what lies in it.

use std::io;
use std::ops::Deref;
use std::ptr::NonNull;

/// Values in memory of all processes that descend from this one.
pub(crate) struct Shared<T> {
    values: NonNull<T>,
    count: usize,
}

// SAFETY: it owns its values as a box does; who has it may only look at them, as `T: Sync` permits.
unsafe impl<T: Sync + Send> Sync for Shared<T> {}
// SAFETY: as before.
unsafe impl<T: Sync + Send> Send for Shared<T> {}

impl<T> Shared<T> {
    /// Memory for so many values, all of which is there when this returns.
    pub(crate) fn new(count: usize, mut value: impl FnMut(usize) -> T) -> io::Result<Self> {
        assert!(align_of::<T>() <= 4096 && count > 0, "pages are aligned enough");
        let (rights, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                count * size_of::<T>(),
                rights,
                flags | libc::MAP_POPULATE,
                -1,
                0,
            )
        };
        let values = match NonNull::new(base.cast::<T>()) {
            Some(values) if base != libc::MAP_FAILED => values,
            _ => return Err(io::Error::last_os_error()),
        };
        for index in 0..count {
            // SAFETY: within the mapping, which nobody else knows yet.
            unsafe { values.add(index).write(value(index)) };
        }
        Ok(Self { values, count })
    }

    /// Where the first one lies, for contestants that store as a program does that has nothing but memory.
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.values.as_ptr()
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many were written, and they stay until this is dropped.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.count) }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is as long, and nothing leads into it any more. The values are not dropped: other processes have them.
        unsafe { libc::munmap(self.values.as_ptr().cast(), self.count * size_of::<T>()) };
    }
}
