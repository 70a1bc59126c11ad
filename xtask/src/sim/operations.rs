//! What can happen in one step.

mod customers;
mod faults;
mod traffic;

use turnpike_domain::ids::AccountId;

use super::gateway::Gateway;
use super::network::GatewayIndex;
use super::process::Process;
use super::world::World;

impl World {
    /// One step.
    pub(super) fn step(&mut self) {
        match self.random.between(0, 999) {
            0..430 => self.relay(),
            430..560 => self.acknowledge(),
            560..690 => {
                let gateway = self.any_gateway();
                self.tell(gateway);
            }
            690..850 => {
                self.deliver();
            }
            850..950 => self.time_passes(),
            _ => self.rare(),
        }
    }

    fn rare(&mut self) {
        let gateway = self.any_gateway();
        match self.random.between(0, 99) {
            0..8 => self.crash(gateway),
            8..10 => self.lose_file(gateway),
            10..14 => self.give_up(),
            14..30 => self.restart(gateway),
            30..40 => self.change_limit(),
            40..48 => self.change_daily_limit(),
            48..54 => self.switch(),
            54..68 => self.grant_package(),
            68..82 => self.rush(),
            82..90 => self.clock_jumps(),
            90..93 => {
                self.store.restart_watch(self.moment());
                self.note("the store's watch starts anew");
            }
            93..96 => {
                self.store.forget_lapsed(self.moment());
                self.note("the store forgets leases that lapsed long ago");
            }
            _ => self.reset_all(gateway),
        }
    }

    fn any_gateway(&mut self) -> GatewayIndex {
        let all: Vec<GatewayIndex> = (0..self.gateways.len()).collect();
        self.random.pick(&all).unwrap_or_default()
    }

    fn any_account(&mut self) -> AccountId {
        let all = self.account_ids();
        self.random.pick(&all).unwrap_or(AccountId::new(0))
    }

    fn process(&mut self, gateway: GatewayIndex) -> Option<&mut Process> {
        self.gateways.get_mut(gateway).and_then(Gateway::process)
    }

    fn time_passes(&mut self) {
        let ms = match self.random.between(0, 999) {
            0..950 => self.random.between(1, 400),
            950..992 => self.random.between(400, 15_000),
            992..999 => self.random.between(15_000, 200_000),
            _ => self.random.between(200_000, 100_000_000),
        };
        self.pass(ms);
        self.note(&format!("{ms} ms have passed"));
    }
}
