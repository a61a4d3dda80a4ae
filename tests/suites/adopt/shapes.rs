//! Records without padding between them, of odd sizes and small alignments, beside bytes of the other program.

use integration_tests::foreign::{Kind, Program};
use integration_tests::place::Backend;
use shmrecord::{Adopt, ForeignGuard, ShmRecord};

macro_rules! record {
    ($name:ident, $element:ty, $count:literal) => {
        #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        struct $name {
            elements: [$element; $count],
        }
    };
}

record!(Bytes1, u8, 1);
record!(Bytes7, u8, 7);
record!(Bytes13, u8, 13);
record!(Shorts5, u16, 5);
record!(Ints3, u32, 3);
record!(Ints9, u32, 9);
record!(Words15, u64, 15);

#[test]
fn records_of_any_size_and_alignment_are_adopted() {
    for backend in Backend::ALL {
        let program = Program::new(backend, Kind::None);
        check(&program, 3, 1, |number| Bytes1 { elements: [number] });
        check(&program, 3, 7, |number| Bytes7 { elements: [number; 7] });
        check(&program, 5, 14, |number| Bytes13 { elements: [number; 13] });
        check(&program, 6, 10, |number| Shorts5 { elements: [u16::from(number) << 4; 5] });
        check(&program, 4, 12, |number| Ints3 { elements: [u32::from(number) << 20; 3] });
        check(&program, 12, 36, |number| Ints9 { elements: [u32::from(number) << 20; 9] });
        check(&program, 8, 136, |number| Words15 {
            elements: std::array::from_fn(|at| at as u64 + u64::from(number)),
        });
    }
}

/// Fills a table of as many records as fit, and looks at the bytes around them.
fn check<T: ShmRecord + PartialEq + std::fmt::Debug>(
    program: &Program,
    offset: usize,
    stride: usize,
    value: impl Fn(u8) -> T,
) {
    program.put(0, &[0xeeee_eeee_eeee_eeee; 512]);
    let table = Adopt::<T>::new(program.place().address(), ForeignGuard::None);
    let table = table.offset(offset as u64).stride(stride as u64);
    let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
    let size = size_of::<T>();
    let count = (4096 - offset - size) / stride + 1;
    assert_eq!((reader.count(), writer.count()), (count, count));
    let number = |index: usize| u8::try_from(index % 200).unwrap();
    for index in 0..count {
        writer.write(index, &value(number(index))).unwrap();
    }
    for index in 0..count {
        assert_eq!(reader.read(index).unwrap(), value(number(index)), "record {index} of {size} bytes");
        let mut out = value(255);
        reader.read_into(index, &mut out).unwrap();
        assert_eq!(out, value(number(index)), "record {index} of {size} bytes");
    }
    let others =
        program.bytes().into_iter().enumerate().filter(|&(at, _)| {
            at < offset || (at - offset) % stride >= size || (at - offset) / stride >= count
        });
    assert!(others.into_iter().all(|(_, byte)| byte == 0xee), "{size} bytes, {stride} apart");
}
