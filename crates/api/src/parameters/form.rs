//! Parameters out of query strings, URL-encoded forms and multipart forms.

use std::convert::Infallible;

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::{Given, Malformed, Parameters};

/// Reads `name=value&name=value`. A value that is no UTF-8 is unusable; a name that is none is nobody's.
pub(super) fn read(text: &[u8]) -> Result<Parameters, Malformed> {
    let mut parameters = Parameters::default();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default());
        let value = decode(halves.next().unwrap_or_default());
        if let Some(name) = name {
            parameters.add(name, value.map_or(Given::Unusable, Given::Text))?;
        }
    }
    Ok(parameters)
}

fn decode(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Reads a multipart form; a file's content counts as its value.
pub(super) async fn read_multipart(body: Bytes, boundary: &str) -> Result<Parameters, Malformed> {
    let whole = futures_util::stream::iter([Ok::<_, Infallible>(body)]);
    let mut multipart = multer::Multipart::new(whole, boundary);
    let mut parameters = Parameters::default();
    while let Some(field) = multipart.next_field().await.map_err(|_| Malformed::Multipart)? {
        let name = field.name().map(str::to_owned);
        let value = field.bytes().await.map_err(|_| Malformed::Multipart)?;
        if let Some(name) = name {
            let text = String::from_utf8(value.into()).map_or(Given::Unusable, Given::Text);
            parameters.add(name, text)?;
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Given> {
        read(text.as_bytes()).unwrap().get("a").cloned()
    }

    #[test]
    fn values_are_decoded() {
        assert_eq!(value("a=b+c%20d%2Be&x=y"), Some(Given::Text("b c d+e".into())));
        assert_eq!(value("&&a=%E5%A4%87=&"), Some(Given::Text("备=".into())));
        assert_eq!(value("a"), Some(Given::Text(String::new())));
        assert_eq!(value("%61=1"), Some(Given::Text("1".into())));
        assert_eq!(value("a=%zz%"), Some(Given::Text("%zz%".into())));
        assert_eq!(value("a=%ff"), Some(Given::Unusable));
        assert_eq!(value("a[]=1"), None);
        assert_eq!(value(""), None);
    }

    #[test]
    fn a_name_given_twice_counts_once_or_not_at_all() {
        assert_eq!(value("a=1&a=1"), Some(Given::Text("1".into())));
        assert_eq!(value("a=1&a=2"), Some(Given::Repeated));
        assert_eq!(value("a=1&%61="), Some(Given::Repeated));
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let form = |count: usize| (0..count).map(|n| format!("{n}=")).collect::<Vec<_>>().join("&");
        assert!(read(form(super::super::MOST_PARAMETERS).as_bytes()).is_ok());
        assert_eq!(read(form(100_000).as_bytes()), Err(Malformed::TooMany));
    }

    #[tokio::test]
    async fn multipart_fields_and_files_are_values() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb,c\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\n\r\nfile\r\n--x--\r\n";
        let parameters = read_multipart(body.into(), "x").await.unwrap();
        assert_eq!(parameters.text("a"), Some("b,c"));
        assert_eq!(parameters.text("f"), Some("file"));
    }

    #[tokio::test]
    async fn multipart_that_breaks_off_is_malformed() {
        let whole = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--";
        for length in 1..whole.len() {
            let refusal = read_multipart(whole[..length].to_owned().into(), "x").await;
            assert_eq!(refusal, Err(Malformed::Multipart), "{length}");
        }
        assert_eq!(read_multipart(whole.into(), "y").await, Err(Malformed::Multipart));
    }
}
