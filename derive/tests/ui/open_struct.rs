use shmrecord::open_enum;

#[open_enum]
struct Side(u8);

fn main() {}
