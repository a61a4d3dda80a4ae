//! Descriptions that are damaged, or made up by somebody hostile.

use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::image::{Image, at, fnv1a};
use integration_tests::records::{Pattern64, Quote, quote};
use shmrecord::{ErrorKind, RawReader, Reader, Writer};

const CAPACITY: usize = 2;

#[test]
fn every_flipped_byte_of_a_description_is_an_error_to_who_needs_it() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        drop(writer);
        let image = Image::of(place);
        let (start, length) = image.description();
        for offset in start..start + length {
            image.flip(offset);
            assert_eq!(error_of(RawReader::open(address), address), ErrorKind::DescriptionCorrupt);
            // Needs it to say how the records differ.
            let mismatch = error_of(Reader::<Pattern64>::open(address), address);
            assert_eq!(mismatch, ErrorKind::DescriptionCorrupt);
            // Does not need it: the header's ids and checksum say that this is a Quote.
            assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(1));
            image.flip(offset);
        }
        assert!(RawReader::open(address).is_ok());
    });
}

#[test]
fn a_made_up_description_with_a_right_checksum_is_harmless() {
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let image = Image::of(place);
        let (start, length) = image.description();
        let whole = image.get(start, usize::try_from(length).unwrap());
        let mut refused = 0;
        for place in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut forged = whole.clone();
                forged[place] = value;
                image.put(start, &forged);
                image.forge(at::DESCRIPTION_CHECKSUM, &fnv1a(&forged).to_le_bytes());
                match RawReader::open(address) {
                    Ok(reader) => assert_eq!(reader.read(CAPACITY - 1).unwrap().version, 0),
                    Err(error) => {
                        refused += 1;
                        assert_eq!(*error.kind(), ErrorKind::DescriptionCorrupt, "{error}");
                    }
                }
                let mismatch = Reader::<Pattern64>::open(address).map(drop).unwrap_err();
                assert!(matches!(
                    mismatch.kind(),
                    ErrorKind::DescriptionCorrupt | ErrorKind::LayoutMismatch { .. }
                ));
            }
        }
        assert!(refused > 0);
    });
}
