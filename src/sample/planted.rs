//! What is planted: every parameter of the models, in one place. The README that goes with the data prints them.

/// BG/NBD (Fader, Hardie, Lee 2005), per day: purchase rates are Gamma(r, alpha), dropout probabilities Beta(a, b).
pub const R: f64 = 0.9;
pub const ALPHA: f64 = 25.0;
pub const A: f64 = 0.6;
pub const B: f64 = 7.4;

/// Gamma-Gamma (Fader, Hardie 2013): order values are Gamma(p, nu), nu is Gamma(q, gamma); mean p * gamma / (q - 1).
pub const P: f64 = 6.25;
pub const Q: f64 = 3.74;
pub const GAMMA: f64 = 44.0;

/// Where customers come from. A customer's channel depends on the purchase rate alone (`channel_weights`): the channels
/// differ in quality, and all customers together still follow the one BG/NBD model exactly.
pub const CHANNELS: [&str; 3] = ["tmall", "douyin", "wechat"];
pub const WECHAT: usize = 2;

/// Weights of the three channels for a customer who buys `pace` times as often as the average.
pub fn channel_weights(pace: f64) -> [f64; 3] {
    [1.0, 1.8 * libm::exp(-pace), 0.2 + pace]
}

/// Shares by channel that budgets are made for.
pub const EXPECTED_SHARES: [f64; 3] = [0.330, 0.317, 0.353];

/// Share of later orders that are placed in the channel of the first; the others are placed in wechat.
pub const SAME_CHANNEL: f64 = 0.85;

/// Funnel: rate of each step among those who took the one before, by channel, for variant a.
pub const CLICK: [f64; 3] = [0.70, 0.78, 0.66];
pub const REGISTER: [f64; 3] = [0.62, 0.50, 0.72];
pub const PAY: [f64; 3] = [0.62, 0.48, 0.70];
/// Variant b of the landing page multiplies the rate from click to register; half of the visitors see it.
pub const VARIANT_B: f64 = 1.12;
/// Share of the payers who pay 8 to 20 days after registering; the others pay within 5.5 days.
pub const LATE_PAYERS: f64 = 0.05;
/// A touch by another way before the exposure follows with this probability, again and again.
pub const EARLIER_TOUCH: f64 = 0.30;
pub const EARLIER_TOUCH_CHANNELS: [f64; 3] = [0.3, 0.5, 0.2];

/// Events beside a later purchase.
pub const BROWSE: f64 = 0.2;
pub const ADD_TO_CART: f64 = 0.15;

/// The campaign with a held-out control group.
pub const CAMPAIGN: &str = "recall";
/// It starts at this share of the window and lasts this many days.
pub const CAMPAIGN_START: f64 = 0.6;
pub const CAMPAIGN_DAYS: u32 = 28;
pub const TREATED: f64 = 0.5;
/// Share of the treated who collect the coupon, and of their orders in the window that name the campaign.
pub const CAMPAIGN_COUPON: f64 = 0.5;
pub const CAMPAIGN_TAGGED: f64 = 0.6;

/// Share of the members whom another one invited; share of members who invite more readily; accepted invitations.
pub const INVITED: f64 = 0.25;
pub const SHARERS: f64 = 0.4;
pub const ACCEPTED: f64 = 0.4;

/// Baskets: share of orders with 2 or 3 rows; share of these that have 3.
pub const SEVERAL_LINES: f64 = 0.15;
pub const THREE_LINES: f64 = 0.3;

/// Per purchase: refunded in part by refund_amount; refunded in part by a later row with a negative amount.
pub const REFUND_COLUMN: f64 = 0.04;
pub const REFUND_ROW: f64 = 0.02;
/// Part of the amount paid that goes back.
pub const REFUND_PART: (f64, f64) = (0.1, 0.5);
/// Per purchase: a further order that goes back whole; a further order that is cancelled before it was paid.
pub const RETURNED: f64 = 0.03;
pub const CANCELLED: f64 = 0.02;

/// Dirt, by the customer's number in the block: one in this many ...
pub const DIRT_PERIOD: u32 = 100;
/// ... has an order written without the customer's id, ... has the rows of one order written twice.
pub const DIRT_GUEST: u32 = 37;
pub const DIRT_TWICE: u32 = 73;
/// Members: one in this many names herself as inviter; one in this many pairs names each other.
pub const DIRT_SELF_PERIOD: u32 = 200;
pub const DIRT_SELF: u32 = 150;
pub const DIRT_CYCLE_PERIOD: u32 = 250;
pub const DIRT_CYCLE: u32 = 211;

/// What a new customer may cost by channel, in cents; and a treated customer of the campaign.
pub const CAC: [f64; 3] = [4200.0, 2600.0, 3000.0];
pub const CAMPAIGN_COST: f64 = 300.0;

/// id, Chinese and English name, category.
pub const PRODUCTS: [(&str, &str, &str); 20] = [
    ("P1001", "龙井绿茶 Longjing Green Tea", "tea"),
    ("P1002", "普洱熟茶 Ripe Pu'er", "tea"),
    ("P1003", "茉莉花茶 Jasmine Tea", "tea"),
    ("P1004", "铁观音 Tieguanyin", "tea"),
    ("P2001", "云南咖啡豆 Yunnan Coffee Beans", "coffee"),
    ("P2002", "挂耳咖啡 Drip Bags", "coffee"),
    ("P2003", "冷萃咖啡 Cold Brew", "coffee"),
    ("P3001", "坚果礼盒 Nut Box", "snacks"),
    ("P3002", "桂花糕 Osmanthus Cake", "snacks"),
    ("P3003", "牛肉干 Beef Jerky", "snacks"),
    ("P3004", "海苔脆 Seaweed Crisps", "snacks"),
    ("P4001", "保湿面霜 Moisture Cream", "beauty"),
    ("P4002", "护手霜 Hand Cream", "beauty"),
    ("P4003", "面膜十片装 Sheet Masks x10", "beauty"),
    ("P5001", "青瓷茶杯 Celadon Cup", "home"),
    ("P5002", "竹茶盘 Bamboo Tray", "home"),
    ("P5003", "香薰蜡烛 Scented Candle", "home"),
    ("P6001", "婴儿湿巾 Baby Wipes", "baby"),
    ("P6002", "婴儿米粉 Rice Cereal", "baby"),
    ("P6003", "绘本套装 Picture Books", "baby"),
];
pub const CATEGORIES: [&str; 6] = ["tea", "coffee", "snacks", "beauty", "home", "baby"];

/// Coupons of orders outside the campaign; the first is for first orders.
pub const COUPONS: [&str; 4] = ["NEW20", "VIP10", "TEA5", "FREESHIP"];
