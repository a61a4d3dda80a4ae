use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
enum Side {

}

fn main() {}
