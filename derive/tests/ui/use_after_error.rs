use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
struct Quote {
    price: f64,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Book {
    best: Quote,
    levels: [Quote; 10],
}

fn size<R: ShmRecord>() -> u32 {
    R::LAYOUT.size
}

fn print() {
    println!("{} {}", size::<Quote>(), size::<Book>());
}

fn main() {}
