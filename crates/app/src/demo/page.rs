//! The text a person sees when the demo is ready: what to paste.

use std::fmt;
use std::path::Path;

use super::kept::Kept;

/// Everything to paste.
pub(super) struct Page<'a> {
    pub(super) kept: &'a Kept,
    pub(super) folder: &'a Path,
    /// How this program was called, for the operator's commands.
    pub(super) program: &'a str,
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { api, gateway, app_key, username, password, .. } = self.kept;
        let Kept { customer_email, customer_password, operator, operator_token, .. } = self.kept;
        let placed = self.kept.place.as_ref().map(|place| Placed { kept: self.kept, place });
        let placed = placed.map(|placed| placed.to_string()).unwrap_or_default();
        let (folder, program) = (self.folder.display(), self.program);
        write!(
            f,
            "\
Turnpike is ready.

  API       {api}
  gateway   {gateway}   (HTTP, CONNECT and SOCKS5 on one port)
  app_key   {app_key}
  account   {username}:{password}
  customer  {customer_email} (password {customer_password})
  operator  {operator}
{placed}
Send traffic through the gateway:

  curl -x http://{username}:{password}@{gateway} http://example.com/
  curl -x http://{username}:{password}@{gateway} https://example.com/
  curl -x socks5h://{username}:{password}@{gateway} https://example.com/

See what it cost (KB a day, days in UTC):

  curl '{api}/api-gate-way/user-usage-flow/total?app_key={app_key}&language=en'

Make another proxy account, limit it to 1 GB, list them all:

  curl -d accounts=user01:pass01 '{api}/api-gate-way/whitelist-account/add?app_key={app_key}'
  curl -d account=user01 -d limit=1 '{api}/api-gate-way/whitelist-account/change-limit?app_key={app_key}'
  curl '{api}/api-gate-way/whitelist-account/list?app_key={app_key}'

As the operator, in a second terminal:

  {program} customer list --data {folder}
  {program} usage --data {folder}

As the operator's program (what there is: {operator}/openapi.json):

  curl -H 'Authorization: Bearer {operator_token}' {operator}/customers

Ctrl-C ends it. All of this is kept in {folder}.
"
        )
    }
}

/// What there is to say of the place that traffic leaves in.
struct Placed<'a> {
    kept: &'a Kept,
    place: &'a str,
}

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { gateway, username, password, .. } = self.kept;
        let parts = ["area", "state", "city"].into_iter().zip(self.place.split('/'));
        let named = parts.filter(|(_, name)| !name.is_empty());
        let wish = named.fold(String::new(), |wish, (key, name)| wish + "_" + key + "-" + name);
        write!(
            f,
            "  exit      direct, in {place}

Traffic leaves by this machine's own address, which is declared to be in {place}; no other place is served:

  curl -x http://{username}{wish}:{password}@{gateway} http://example.com/
",
            place = self.place
        )
    }
}
