//! A field that a table of an earlier version lacks: it reads as its `null`, or as zeros.

use integration_tests::case::every_case;
use shmrecord::{Options, field};

mod before {
    use shmrecord::ShmRecord;

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    #[shm(name = "Quote", version = 1)]
    pub(super) struct Quote {
        pub(super) seq: u64,
    }
}

mod after {
    use shmrecord::ShmRecord;

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Level {
        #[shm(null = "max")]
        pub(super) px: i64,
        pub(super) qty: i64,
    }

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    #[shm(name = "Quote", version = 2)]
    pub(super) struct Quote {
        pub(super) seq: u64,
        #[shm(since = 2, exp = -2, null = "min")]
        pub(super) px: i64,
        #[shm(since = 2, null = "nan")]
        pub(super) ratio: f32,
        #[shm(since = 2)]
        pub(super) orders: u32,
        #[shm(since = 2)]
        pub(super) levels: [Level; 2],
    }
}

#[test]
fn a_field_that_the_table_lacks_is_its_null_or_zeros() {
    every_case(|case| {
        let (place, options) = (case.place(), case.options());
        let mut writer = options.create::<before::Quote>(place.address(), 3).unwrap();
        writer.write(1, &before::Quote { seq: 7 }).unwrap();
        let reader = Options::new().compatible(true).open::<after::Quote>(place.address()).unwrap();
        let mut into = after::Quote {
            seq: 0,
            px: 0,
            ratio: 0.0,
            orders: 9,
            levels: [after::Level { px: 1, qty: 1 }; 2],
        };
        reader.read_into(1, &mut into).unwrap();
        let all = reader.snapshot(0..3).unwrap();
        for (quote, seq) in [(reader.read(1).unwrap(), 7), (into, 7), (all[1], 7), (all[0], 0)] {
            assert_eq!((quote.seq, quote.px, quote.orders), (seq, i64::MIN, 0));
            assert!(quote.ratio.is_nan(), "{quote:?}");
            assert_eq!(quote.levels, [after::Level { px: i64::MAX, qty: 0 }; 2]);
        }
        let mut some = [into; 2];
        reader.snapshot_into(0, &mut some).unwrap();
        assert_eq!((some[0].seq, some[0].px, some[1].seq, some[1].px), (0, i64::MIN, 7, i64::MIN));
        let sum = reader.fold(0..3, 0, |sum, index, quote| sum + quote.seq + u64::from(index == 2)).unwrap();
        assert_eq!(sum, 8);
        assert_eq!(reader.read_field(1, field!(after::Quote, seq)).unwrap(), 7);
        assert_eq!(reader.read_field(1, field!(after::Quote, px)).unwrap(), i64::MIN);
        assert!(reader.read_field(1, field!(after::Quote, ratio)).unwrap().is_nan());
        assert_eq!(reader.read_field(1, field!(after::Quote, orders)).unwrap(), 0);
        assert_eq!(
            reader.read_field(0, field!(after::Quote, levels)).unwrap(),
            [after::Level { px: i64::MAX, qty: 0 }; 2]
        );
        assert!(reader.has("seq") && !reader.has("px") && !reader.has("levels"));

        // A table of this version has what was written, and zeros where nothing was.
        drop(reader);
        drop(writer);
        let mut writer = options.replace::<after::Quote>(place.address(), 3).unwrap();
        writer.write(1, &after::Quote { px: 5, ..into }).unwrap();
        let reader = Options::new().compatible(true).open::<after::Quote>(place.address()).unwrap();
        assert_eq!((reader.read(1).unwrap().px, reader.read(0).unwrap().px), (5, 0));
    });
}
