use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote<'a> {
    symbol: &'a str,
}

fn main() {}
