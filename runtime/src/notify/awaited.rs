//! A notifier to await, by the executor tokio. Relies on `AsyncFd`; knows neither tables nor the notifier's thread.

#![expect(
    unsafe_code,
    reason = "tokio wants a promise of who gives it a descriptor; what a child must not drop"
)]

use std::mem::ManuallyDrop;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::Result;
use crate::notify::Notifier;

/// A [`Notifier`] whose news are awaited: what the feature `tokio` is for.
///
/// ```
/// # use shmrecord::{Options, Reader, ShmRecord};
/// # #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)] #[repr(C)] struct Quote { price: f64 }
/// # let address = format!("posix:/doc-awaited-{}", std::process::id());
/// # let address = address.as_str();
/// # let executor = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
/// # executor.block_on(async {
/// let mut writer = Options::new().doorbell(true).create::<Quote>(address, 100)?;
/// let reader = Reader::<Quote>::open(address)?;
/// let mut news = reader.notifier()?.into_async()?;
///
/// writer.write(7, &Quote { price: 2.5 })?;
/// news.changed().await?;
/// assert_eq!(reader.read(7)?.price, 2.5);
/// # shmrecord::remove(address)
/// # })?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
///
/// A child of `fork` has no use of it, and may drop it.
#[derive(Debug)]
pub struct AsyncNotifier(ManuallyDrop<AsyncFd<Notifier>>);

impl Notifier {
    /// `epoll_ctl(2)`: registers it with the executor in which this is called.
    ///
    /// # Errors
    /// [`ErrorKind::Os`](crate::ErrorKind::Os) when the kernel refuses.
    ///
    /// # Panics
    /// Outside of an executor of tokio, or in one without I/O.
    pub fn into_async(self) -> Result<AsyncNotifier> {
        // SAFETY: the descriptor is the event's of this notifier, which the AsyncFd owns from here on. A notifier gives no other one,
        // and closes it when it is dropped and not before.
        let registered = unsafe { AsyncFd::register_with_interest(self, Interest::READABLE) };
        registered.map(|it| AsyncNotifier(ManuallyDrop::new(it))).map_err(|refused| {
            let (notifier, error) = refused.into_parts();
            notifier.at().os("epoll_ctl", &error)
        })
    }
}

impl AsyncNotifier {
    /// Waits until anything has been published since it was made, or since the last call that ended. What was published before
    /// is visible afterwards. No thread of the executor is blocked.
    ///
    /// It may be cancelled (`select!`, a timeout): what has been published by then is told by the next call, because it is
    /// taken by the very step that returns.
    ///
    /// # Errors
    /// As [`Notifier::take`].
    pub async fn changed(&mut self) -> Result<()> {
        self.0.get_ref().check_home()?;
        loop {
            let ready = self.0.readable().await;
            let mut ready = ready.map_err(|error| self.0.get_ref().at().os("epoll_wait", &error))?;
            // An end leaves it ready, for who asks again.
            let is_new = self.0.get_ref().take()?;
            // Clears what was found ready above. What is set since the take is another edge, which this leaves alone.
            ready.clear_ready();
            if is_new {
                return Ok(());
            }
        }
    }
}

impl Drop for AsyncNotifier {
    fn drop(&mut self) {
        // The executor is the parent's, and so are its locks and what its epoll watches, which a child shares with it.
        if self.0.get_ref().check_home().is_ok() {
            // SAFETY: not used again.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}
