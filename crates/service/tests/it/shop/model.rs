//! Random acts against a small model of the shop: which of them succeed, what every order becomes, and every balance.
//!
//! A run begins with customers, coupons and products of its own in a store that is never emptied. What goes wrong is cut
//! down to the fewest acts that still do. For as many acts as one likes, from another beginning:
//! `TURNPIKE_MODEL_ACTS=1000000 TURNPIKE_MODEL_SEED=7 cargo test --release -p turnpike-service -- shop::model`.

mod reference;
mod run;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use turnpike_testkit::each_store;

use super::{Shop, number_from};

/// Acts of one run at most.
const LONGEST: usize = 250;
/// Acts in all, unless the environment says otherwise.
const ACTS: u64 = 2_000;

/// What is bought in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1.00 a unit, paid from outside only.
    Recharge,
    /// 5.00 a unit.
    Traffic,
    /// 5.00 a unit; there are few.
    Scarce,
    /// 2.00 each; there are few.
    Address,
}

/// How much comes in for an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sum {
    /// What is missing.
    Exact,
    /// So many minor units less, at least one.
    Short(u32),
    /// So many more.
    Over(u32),
}

/// One act. Orders are named by the place at which they were made, counted round.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Create { customer: usize, kind: Kind, units: u32, method: i64, coupon: bool },
    TopUp { order: usize, method: i64 },
    Pay { order: usize, method: i64 },
    Close { order: usize },
    Pass { minutes: i64 },
    Expire,
    Confirm { order: usize, sum: Sum },
    ConfirmAgain,
    ConfirmUnknown { minor: u32 },
    Credit { customer: usize },
    Refund { order: usize },
    Adjust { customer: usize, minor: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    let kind = prop_oneof![Just(Kind::Recharge), Just(Kind::Traffic), Just(Kind::Scarce), Just(Kind::Address)];
    let sum = prop_oneof![3 => Just(Sum::Exact), 2 => (1_u32..800).prop_map(Sum::Short), 1 => (1_u32..800).prop_map(Sum::Over)];
    let create = (0_usize..2, kind, 1_u32..=3, 0_i64..=2, any::<bool>());
    prop_oneof![
        8 => create.prop_map(|(customer, kind, units, method, coupon)| Act::Create { customer, kind, units, method, coupon }),
        2 => (any::<usize>(), 0_i64..=2).prop_map(|(order, method)| Act::TopUp { order, method }),
        4 => (any::<usize>(), 1_i64..=2).prop_map(|(order, method)| Act::Pay { order, method }),
        2 => any::<usize>().prop_map(|order| Act::Close { order }),
        2 => (0_i64..25).prop_map(|minutes| Act::Pass { minutes }),
        1 => Just(Act::Expire),
        5 => (any::<usize>(), sum).prop_map(|(order, sum)| Act::Confirm { order, sum }),
        1 => Just(Act::ConfirmAgain),
        1 => (1_u32..1000).prop_map(|minor| Act::ConfirmUnknown { minor }),
        1 => (0_usize..2).prop_map(|customer| Act::Credit { customer }),
        2 => any::<usize>().prop_map(|order| Act::Refund { order }),
        2 => (0_usize..2, -500_i64..2500).prop_map(|(customer, minor)| Act::Adjust { customer, minor }),
    ]
}

fn runner() -> TestRunner {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number_from("TURNPIKE_MODEL_SEED", 1).to_be_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

each_store! {
    async fn the_shop_does_what_its_model_does(given: &TestStore) {
        let shop = Shop::over(given).await;
        let (mut runner, acts) = (runner(), number_from("TURNPIKE_MODEL_ACTS", ACTS));
        let (mut done, mut runs) = (0_u64, 0_i64);
        while done < acts {
            let mut tree = vec(act(), 1..LONGEST).new_tree(&mut runner).unwrap();
            runs += 1;
            let acts = tree.current();
            done += u64::try_from(acts.len()).unwrap();
            let Err(why) = run::run(&shop, runs, &acts).await else { continue };
            let mut smallest = (acts, why);
            while tree.simplify() {
                runs += 1;
                let fewer = tree.current();
                let mut outcome = run::run(&shop, runs, &fewer).await;
                while outcome.is_ok() && tree.complicate() {
                    runs += 1;
                    outcome = run::run(&shop, runs, &tree.current()).await;
                }
                let Err(why) = outcome else { break };
                smallest = (tree.current(), why);
            }
            panic!("after {done} acts: {}\n{:#?}", smallest.1, smallest.0);
        }
        shop.agrees().await;
    }
}
