//! Exits as CSV: what is written can be read again, but for passwords, which are never written.

use std::collections::HashMap;
use std::io::Write;

use turnpike_domain::exit::terms::PARTED_BY;
use turnpike_domain::exit::{ExitFields, ExitName, ExitTerms, Route};
use turnpike_store::exit::Exit;

use crate::exit_places::completed;
use crate::sheet::{Columns, Faults, cell_text, sheet_cell};

/// The columns.
const COLUMNS: Columns<11> = Columns {
    names: [
        "name",
        "route",
        "places",
        "username",
        "password",
        "product_types",
        "capacity",
        "weight",
        "state",
        "provenance",
        "evidence",
    ],
    required: 3,
};

/// Exits to take over, each with the line it stands on.
#[derive(Clone, Debug, Default)]
pub struct ExitSheet {
    pub(crate) rows: Vec<(u64, ExitName, ExitTerms)>,
    /// What is wrong with the other rows.
    pub(crate) faults: Faults,
}

impl ExitSheet {
    /// Reads a table whose first line names its columns: `name`, `route` and `places`, and, if wanted, `username`, `password`,
    /// `product_types`, `capacity`, `weight`, `state`, `provenance` and `evidence`. Lists are parted by `|`. What is wrong is told by
    /// whatever takes the sheet over.
    pub fn read(table: &[u8]) -> Self {
        let (mut rows, mut lines) = (Vec::new(), HashMap::new());
        let faults = COLUMNS.read(table, |line, cells, faults| {
            // A password is as it is: no export has made a cell of it.
            let [_, _, _, _, password, ..] = cells;
            let [name, route, places, username, _, product_types, capacity, weight, state, provenance, evidence] =
                cells.map(cell_text);
            let fields = ExitFields {
                name,
                route,
                username,
                password,
                places,
                product_types,
                capacity,
                weight,
                state,
                provenance,
                evidence,
            };
            let read =
                fields.read().and_then(|(name, terms)| Ok((name, completed(terms).map_err(|fault| vec![fault])?)));
            match read {
                Ok((name, terms)) => match lines.insert(name.clone(), line) {
                    None => rows.push((line, name, terms)),
                    Some(first) => faults.add(line, format_args!("name: {name} stands on line {first} too")),
                },
                Err(wrong) => {
                    let told: Vec<_> = wrong.iter().map(ToString::to_string).collect();
                    faults.add(line, told.join("; "));
                }
            }
        });
        Self { rows, faults }
    }

    /// How many exits could be read.
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
pub fn write_exit_header(output: &mut csv::Writer<impl Write>) -> csv::Result<()> {
    output.write_record(COLUMNS.names)
}

/// Writes an exit as a row that can be read again. The password is left out; whoever reads the row where the exit is keeps its
/// password.
///
/// # Errors
/// What the output says.
pub fn write_exit(output: &mut csv::Writer<impl Write>, exit: &Exit) -> csv::Result<()> {
    let terms = &exit.terms;
    let username = match &terms.route {
        Route::Upstream(upstream) => upstream.username.as_ref().map(turnpike_domain::exit::LoginTemplate::as_str),
        _ => None,
    };
    let types = terms.product_types.iter().map(|kind| kind.number());
    output.write_record([
        exit.name.as_str(),
        &terms.route.to_string(),
        &*sheet_cell(&joined(&terms.places)),
        &*sheet_cell(username.unwrap_or_default()),
        "",
        &joined(types),
        &terms.capacity.map(|most| most.to_string()).unwrap_or_default(),
        &terms.weight.to_string(),
        terms.state.word(),
        terms.provenance.word(),
        &*sheet_cell(&terms.evidence),
    ])
}

fn joined<T: ToString>(list: impl IntoIterator<Item = T>) -> String {
    list.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(&PARTED_BY.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use turnpike_domain::ids::ExitId;
    use turnpike_domain::time::Timestamp;

    use super::*;

    fn told(table: &str) -> String {
        let error = ExitSheet::read(table.as_bytes()).faults.finish().unwrap_err();
        error.rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn everything_wrong_is_told_with_its_line() {
        let table = "name,route,places,weight,state\n\
            a,direct,US,,\n\
            a b,eth0,US,0,up\n\
            a,192.0.2.1,DE,,\n\
            b,192.0.2.1,XQ|DE,,\n\
            c,http://u:p@proxy.example:1,US/California/LosAngeles,,\n";
        insta::assert_snapshot!(told(table), @r"
        line 3: name: must be 1 to 64 of A-Z a-z 0-9 . _ : - and begin with a letter or a digit; route: write direct, an address, an IPv6 prefix, http://host:port or socks5://host:port; weight: must be 1 to 1000; state: must be active, draining, maintenance or down
        line 4: name: a stands on line 2 too
        line 5: places: there is no country XQ
        line 6: route: write the upstream's username and password apart from its address
        ");
    }

    #[test]
    fn a_table_without_its_columns_is_not_read() {
        assert_eq!(
            told("name,secret\nx,y"),
            "line 1: the column \"secret\" is not known\n\
            line 1: the column route is missing\nline 1: the column places is missing"
        );
    }

    fn exits() -> impl Strategy<Value = (ExitName, ExitTerms)> {
        let routes =
            ["direct", "192.0.2.1", "2001:db8:1::/48", "http://proxy.example:3128", "socks5://[2001:db8::1]:1080"];
        let places = ["US", "US/California/LosAngeles|DE", "SG//Singapore", "US/Texas|US/Narnia"];
        let options = (
            proptest::sample::select(routes.to_vec()),
            proptest::sample::select(places.to_vec()),
            proptest::sample::select(vec!["", "9", "11|25"]),
            proptest::sample::select(vec!["active", "draining", "maintenance", "down"]),
            proptest::sample::select(vec!["owned", "contracted"]),
        );
        let texts = ("[a-z0-9][a-z0-9._:-]{0,20}", "[!-Z^-z~]{1,20}", "([!-~é界]([ -~é界]{0,20}[!-~é界])?)?");
        (options, texts, proptest::option::of(1_u32..), 1_u16..=1000).prop_filter_map(
            "a username is a template",
            |((route, places, product_types, state, provenance), (name, username, evidence), capacity, weight)| {
                let capacity = capacity.map(|most| most.to_string()).unwrap_or_default();
                let (username, weight) =
                    (if route.contains("://") { username } else { String::new() }, weight.to_string());
                let fields = ExitFields {
                    name: &name,
                    route,
                    username: &username,
                    password: "",
                    places,
                    product_types,
                    capacity: &capacity,
                    weight: &weight,
                    state,
                    provenance,
                    evidence: &evidence,
                };
                let (name, terms) = fields.read().ok()?;
                Some((name, completed(terms).unwrap()))
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(new in proptest::collection::vec(exits(), 0..20)) {
            let mut seen = std::collections::HashSet::new();
            let new: Vec<_> = new.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect();
            let mut table = csv::Writer::from_writer(Vec::new());
            write_exit_header(&mut table).unwrap();
            for (name, terms) in &new {
                let exit = Exit {
                    id: ExitId::new(1),
                    name: name.clone(),
                    terms: terms.clone(),
                    password_sealed: Some(vec![1]),
                    created_at: Timestamp::from_ms(0),
                    checked: None,
                };
                write_exit(&mut table, &exit).unwrap();
            }
            let sheet = ExitSheet::read(&table.into_inner().unwrap());
            prop_assert!(sheet.faults.is_empty(), "{:?}", sheet.faults);
            prop_assert_eq!(sheet.rows.into_iter().map(|(_, name, terms)| (name, terms)).collect::<Vec<_>>(), new);
        }
    }
}
