//! Memory with a name: mappings ([`map`]) and the files behind them ([`named`]). Relies on the kernel through `libc`;
//! knows neither header nor records.

pub(crate) mod map;
pub(crate) mod named;
