//! As much of protobuf's wire format as OTLP needs, read without the library that wrote it.

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire<'a> {
    /// A varint, or a fixed number of eight bytes.
    Number(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
}

/// All fields of a message, in order, with their numbers.
///
/// # Panics
/// When it is no message.
pub(super) fn fields(mut rest: &[u8]) -> Vec<(u64, Wire<'_>)> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        let value = match tag & 7 {
            0 => Wire::Number(varint(&mut rest)),
            1 => Wire::Number(u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut rest).try_into().unwrap();
                Wire::Bytes(take(&mut rest, length))
            }
            5 => Wire::Number(u32::from_le_bytes(take(&mut rest, 4).try_into().unwrap()).into()),
            wire => panic!("wire type {wire}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

/// The messages or texts in the fields of that number.
pub(super) fn parts(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).into_iter().filter(move |(found, _)| *found == number).filter_map(|(_, value)| match value {
        Wire::Bytes(bytes) => Some(bytes),
        Wire::Number(_) => None,
    })
}

/// The number in the field of that number, 0 when there is none.
pub(super) fn number(message: &[u8], number: u64) -> u64 {
    let found = fields(message).into_iter().find(|(found, _)| *found == number);
    match found {
        Some((_, Wire::Number(value))) => value,
        _ => 0,
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn varint(rest: &mut &[u8]) -> u64 {
    let length = rest.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    take(rest, length).iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}
