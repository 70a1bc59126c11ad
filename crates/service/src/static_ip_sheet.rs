//! The inventory as CSV: columns by their names, in any order, with the line of everything that is wrong.

use std::collections::HashMap;
use std::io::Write;

use turnpike_atlas::atlas;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::static_ip::{NewStaticIp, StaticIpFields};
use turnpike_store::static_ip::StaticIpDetails;

use crate::sheet::{Columns, Faults, cell_text, sheet_cell};

/// The columns of an export. The last two say who holds an address, and are passed over when it is read.
const COLUMNS: Columns<10> = Columns {
    names: ["ip", "kind", "country", "region", "city", "state", "note", "exit", "customer", "expires_at"],
    required: 3,
};

/// Addresses to take over, each with the line it stands on.
#[derive(Clone, Debug, Default)]
pub struct StaticIpSheet {
    pub(crate) rows: Vec<(u64, NewStaticIp)>,
    /// What is wrong with the other rows.
    pub(crate) faults: Faults,
}

impl StaticIpSheet {
    /// Whether every row can be read; what is wrong then is only that others have been there before.
    pub const fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Reads a table whose first line names its columns: `ip`, `kind` and `country`, and, if wanted, `region`, `city`,
    /// `state`, `note` and `exit`. What is wrong is told by whatever takes the sheet over, together with what it finds itself.
    pub fn read(table: &[u8]) -> Self {
        let (mut rows, mut lines) = (Vec::new(), HashMap::new());
        let faults = COLUMNS.read(table, |line, cells, faults| {
            let [ip, kind, country, region, city, state, note, exit, ..] = cells.map(cell_text);
            match (StaticIpFields { ip, kind, country, region, city, state, note, exit }).read() {
                Ok(row) if !atlas().is_country(row.country) => {
                    faults.add(line, format_args!("country: there is no country {}", row.country));
                }
                Ok(row) => match lines.insert(row.ip, line) {
                    None => rows.push((line, row)),
                    Some(first) => faults.add(line, format_args!("ip: {} stands on line {first} too", row.ip)),
                },
                Err(fault) => faults.add(line, fault),
            }
        });
        Self { rows, faults }
    }

    /// How many addresses could be read.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The first line of an export.
///
/// # Errors
/// What the output says.
pub fn write_static_ip_header(output: &mut csv::Writer<impl Write>) -> csv::Result<()> {
    output.write_record(COLUMNS.names)
}

/// Writes an address as a row that can be read again, unless somebody holds it.
///
/// # Errors
/// What the output says.
pub fn write_static_ip(output: &mut csv::Writer<impl Write>, one: &StaticIpDetails) -> csv::Result<()> {
    let (customer, expires_at) = match &one.holder {
        Some(holder) => (holder.customer.to_string(), format_rfc3339(holder.expires_at)),
        None => (String::new(), String::new()),
    };
    output.write_record([
        one.ip.to_string().as_str(),
        one.product_type.number().to_string().as_str(),
        one.country.as_str(),
        &*sheet_cell(&one.region),
        &*sheet_cell(&one.city),
        one.state.word(),
        &*sheet_cell(&one.note),
        one.exit.as_ref().map_or("", |exit| exit.as_str()),
        customer.as_str(),
        expires_at.as_str(),
    ])
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use turnpike_domain::ids::StaticIpId;
    use turnpike_domain::product::ProductType;
    use turnpike_domain::static_ip::StaticIpState;

    use super::*;

    fn told(table: &[u8]) -> Vec<String> {
        let error = StaticIpSheet::read(table).faults.finish().unwrap_err();
        error.rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_are_found_by_name() {
        let table = "\u{feff}country,IP,note,kind\r\nJP, 192.0.2.1 ,\"a, b\",25\r\nus,2001:db8::1,'-x,datacenter\r\n";
        let sheet = StaticIpSheet::read(table.as_bytes());
        assert!(sheet.faults.is_empty());
        let rows: Vec<_> = sheet
            .rows
            .iter()
            .map(|(line, row)| (*line, row.ip.to_string(), row.country.to_string(), row.note.as_str()))
            .collect();
        assert_eq!(rows, [(2, "192.0.2.1".into(), "JP".into(), "a, b"), (3, "2001:db8::1".into(), "US".into(), "-x")]);
    }

    #[test]
    fn everything_wrong_is_told_with_its_line() {
        let table =
            b"ip,kind,country\n192.0.2.1,14,US\nx,14,US\n\n192.0.2.2,9,US\n\"192.0.2.3\n\",14,USA\n\xff,14,US\n\
            ::ffff:192.0.2.1,25,US\n192.0.2.9\n192.0.2.4,14,zz\n";
        insta::assert_snapshot!(told(table).join("\n"), @r"
        line 3: ip: is no IPv4 or IPv6 address
        line 5: kind: must be 14 (datacenter) or 25 (residential)
        line 6: country: must be two letters of ISO 3166-1
        line 8: is not in UTF-8
        line 9: ip: 192.0.2.1 stands on line 2 too
        line 10: kind: must be 14 (datacenter) or 25 (residential)
        line 11: country: there is no country ZZ
        ");
    }

    #[test]
    fn a_table_without_its_columns_is_not_read() {
        assert_eq!(
            told(b""),
            [
                "line 1: the column ip is missing",
                "line 1: the column kind is missing",
                "line 1: the column country is missing"
            ]
        );
        let faults = [
            "line 1: the column IP comes twice",
            "line 1: the column \"where\" is not known",
            "line 1: the column country is missing",
        ];
        assert_eq!(told(b"ip,IP,kind,where\nx"), faults);
    }

    fn details(new: &NewStaticIp) -> StaticIpDetails {
        let NewStaticIp { ip, product_type, country, region, city, state, note, exit } = new.clone();
        let (id, holder) = (StaticIpId::new(1), None);
        StaticIpDetails { id, ip, product_type, country, region, city, state, note, exit, holder }
    }

    fn rows() -> impl Strategy<Value = NewStaticIp> {
        let line = "([!-~é界]([ -~é界]{0,20}[!-~é界])?)?";
        let states = vec![StaticIpState::ForSale, StaticIpState::Maintenance, StaticIpState::Withdrawn];
        let kinds = vec![ProductType::StaticDatacenterIp, ProductType::StaticResidentialIp];
        let codes: Vec<_> = atlas().countries().iter().map(|country| country.code).collect();
        let place = (proptest::sample::select(codes), line, line, line);
        let exits = proptest::option::of("[a-z0-9][a-z0-9.:_-]{0,10}");
        (1_u32..0x7fff_ffff, place, proptest::sample::select(kinds), proptest::sample::select(states), exits).prop_map(
            |(ip, (country, region, city, note), product_type, state, exit)| NewStaticIp {
                ip: Ipv4Addr::from_bits(ip).into(),
                product_type,
                country,
                region,
                city,
                state,
                note,
                exit: exit.map(|name| turnpike_domain::exit::ExitName::parse(&name).unwrap()),
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(new in proptest::collection::vec(rows(), 0..20)) {
            let mut seen = std::collections::HashSet::new();
            let new: Vec<_> = new.into_iter().filter(|one| seen.insert(one.ip)).collect();
            let mut table = csv::Writer::from_writer(Vec::new());
            write_static_ip_header(&mut table).unwrap();
            for one in &new {
                write_static_ip(&mut table, &details(one)).unwrap();
            }
            let sheet = StaticIpSheet::read(&table.into_inner().unwrap());
            prop_assert!(sheet.faults.is_empty(), "{:?}", sheet.faults);
            prop_assert_eq!(sheet.rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), new);
        }

        #[test]
        fn any_table_is_answered(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "(ip,kind,country\n)?[ -~\n\r]{0,200}",
        ) {
            for table in [&bytes[..], text.as_bytes()] {
                let sheet = StaticIpSheet::read(table);
                let lines = table.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
                let told = sheet.faults.finish().map_or_else(|error| error.rows, |()| Vec::new());
                let lines = u64::try_from(lines).unwrap();
                prop_assert!(told.iter().all(|row| (1..=lines).contains(&row.line)), "{told:?}");
            }
        }
    }
}
