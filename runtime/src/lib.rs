//! Tables of fixed-layout records in shared memory: any number of processes read the latest values, one writes them;
//! no value is ever torn, and none is lost to a killed process.
//!
//! ```
//! use shmrecord::{Reader, ShmRecord, Writer};
//!
//! #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
//! #[repr(C)]
//! pub struct MarketData {
//!     #[shm(text)]
//!     pub symbol: [u8; 10],
//!     pub price: f64,
//!     pub volume: i64,
//! }
//!
//! # let address = format!("posix:/doc-lib-{}", std::process::id());
//! # let address = address.as_str();
//! let mut writer = Writer::<MarketData>::create(address, 100)?; // "posix:/quotes"
//! let quote = MarketData { symbol: *b"AAPL\0\0\0\0\0\0", price: 127.5, volume: 63_152_400 };
//! writer.write(7, &quote)?;
//!
//! let reader = Reader::<MarketData>::open(address)?; // another process
//! assert_eq!(reader.read(7)?, quote);
//! # shmrecord::remove(address)?;
//! # Ok::<(), shmrecord::Error>(())
//! ```
//!
//! | module | room |
//! |---|---|
//! | [`reader`], [`writer`], [`raw`] | the handles |
//! | [`follow`] | a reader that goes on with the table that replaces its own |
//! | [`mod@field`] | one field of a record |
//! | [`notify`] | a descriptor for event loops, and one to await |
//! | [`batch`] | several records at one instant |
//! | [`shared`] | many writers of one table |
//! | [`options`] | what may be chosen |
//! | [`status`] | whether a table's writer lives, and whether it can still be found |
//! | [`adopt`] | tables in segments that other programs laid out |
//! | [`handover`] | memfds for other processes |
//! | [`record`] | the contract between a type and its bytes |
//! | [`semaphore`] | named counting semaphores |
//! | [`value`] | named values for tools without a schema |
//! | [`error`] | what can go wrong |
//! | `named` | enums and flags: integers with names |
//! | `read`, `scan` | attempts to read, for every handle that does: one record, many in a row |
//! | `wait` | asleep until something is published |
//! | `turn` | the lock of many writers with the kernel behind it |
//! | `lifecycle`, `claim`, `held`, `plan`, `removal`, `replacement` | create, attach, take over, join; remove; replace |
//! | `successor` | what took the place of a table that is read |
//! | `life` | signs of life |
//! | `table` | the places of versions and cells in a mapping |
//! | `agreement`, `view` | whether its record is the reader's; how one of another version is read |
//! | `live`, `announce` | the words that change while a table lives; who is told of a publication |
//! | `header`, `geometry` | the numbers of a segment, validated |
//! | `guard` | the record protocol, the log, the role, the lock, the doorbell |
//! | `region` | mappings and the files behind them |
//! | `fork` | what children of this process do not get |
//! | `address`, `key`, `host`, `deadline`, `sync`, `once`, `futex`, `buffer`, `invalid` | small helpers of these |

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
compile_error!("shmrecord needs a 64-bit little-endian Linux: see docs/FORMAT.md");

mod address;
pub mod adopt;
mod agreement;
mod announce;
pub mod batch;
mod buffer;
mod claim;
mod deadline;
pub mod error;
pub mod field;
pub mod follow;
mod fork;
mod futex;
mod geometry;
mod guard;
pub mod handover;
mod header;
mod held;
mod host;
mod invalid;
mod key;
mod life;
mod lifecycle;
mod live;
mod named;
pub mod notify;
mod once;
pub mod options;
mod plan;
pub mod raw;
mod read;
pub mod reader;
pub mod record;
mod region;
mod removal;
mod replacement;
mod scan;
pub mod semaphore;
pub mod shared;
pub mod status;
mod successor;
mod sync;
mod table;
mod turn;
pub mod value;
mod view;
mod wait;
pub mod writer;

pub use adopt::{Adopt, Adopted, AdoptedWriter, ForeignGuard};
pub use batch::Batch;
pub use error::{Error, ErrorKind, Result};
pub use field::Field;
pub use follow::Follower;
pub use geometry::Arrangement;
pub use named::ShmEnum;
#[cfg(feature = "tokio")]
pub use notify::AsyncNotifier;
pub use notify::Notifier;
pub use options::Options;
pub use raw::{RawReader, RawRecord};
pub use reader::{Reader, Versioned};
pub use record::{Reserved, ShmField, ShmRecord};
pub use region::Facts;
pub use region::memory::{Memory, Need};
pub use semaphore::{Semaphore, SemaphoreOptions};
pub use shared::{Locked, SharedWriter, Turn};
pub use shmrecord_derive::{ShmEnum, ShmRecord, flags, open_enum};
pub use shmrecord_layout::describe::{
    DescribedEnum, DescribedField, DescribedRecord, DescribedValue, Description,
};
pub use shmrecord_layout::{
    EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout,
};
pub use status::Status;
pub use value::{Decimal, Moment, Value};
pub use writer::Writer;

/// Removes the table at `address`: marks it as removed, then `unlink(2)` of segment and guard.
///
/// Handles that are open keep working on what they mapped; `status` tells them. A writer that lives is not asked.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::BadMagic`] for what is not a table: nothing else is ever removed;
/// [`ErrorKind::PermissionDenied`], [`ErrorKind::LockTimeout`].
pub fn remove(address: &str) -> Result<()> {
    Options::new().remove(address)
}

/// The Rust code that `ipcgen::Build` generated from the schema with this name, in the crate whose `build.rs` ran it:
/// `include!` of `OUT_DIR/NAME.rs`. Put it in a module of its own: `mod md { shmrecord::include_schema!("md"); }`.
#[macro_export]
macro_rules! include_schema {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

/// What the macros' output names; not for users.
#[doc(hidden)]
pub mod __private {
    pub use shmrecord_layout as layout;
    pub use zerocopy;

    pub use crate::named::{debug, named, value};
}
