//! Values about people as they may stand in messages and examples.

use std::borrow::Cow;

/// A value as it may stand in messages and examples: `138******34` for a phone number, `j***@example.com` for an e-mail
/// address, `张**` for what may be a Chinese name (two to four characters). Anything else stays as it is, ids of
/// other forms too: without the values a message is of no use. This is no protection, `--mask` is.
pub fn shortened(value: &str) -> Cow<'_, str> {
    let text = value.trim();
    if let Some(phone) = phone(text) {
        return Cow::Owned(format!("{}******{}", &phone[..3], &phone[phone.len() - 2..]));
    }
    if let Some(email) = email(text) {
        return Cow::Owned(email);
    }
    let mut chars = text.chars();
    if let (Some(first), 2..=4) = (chars.next(), text.chars().take(5).count())
        && text.chars().all(|c| is_han(c) || c == '·')
    {
        return Cow::Owned(format!("{first}**"));
    }
    Cow::Borrowed(value)
}

/// The digits of a Chinese mobile number (11, from 13 to 19, with or without +86 and separators), or of a number that says
/// by its `+` that it is a phone number.
fn phone(text: &str) -> Option<String> {
    if !(11..=24).contains(&text.len()) {
        return None;
    }
    let separators = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '.');
    let digits: String = text.chars().filter(|c| !separators(*c)).collect();
    let (is_international, digits) = match digits.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, digits.as_str()),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mobile = |digits: &str| {
        let bytes = digits.as_bytes();
        bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])
    };
    let local = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
    if let Some(local) = local.filter(|local| mobile(local)) {
        return Some(local.to_owned());
    }
    let is_phone = mobile(digits) || is_international && (8..=15).contains(&digits.len());
    is_phone.then(|| digits.to_owned())
}

/// `j***@example.com`.
fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let is_domain = domain.contains('.') && !domain.contains(char::is_whitespace);
    let first = local.chars().next()?;
    (is_domain && !local.contains(char::is_whitespace)).then(|| format!("{first}***@{domain}"))
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

/// Whether a column is called like one that says who somebody is, by phone, mail or name: its values are shown `shortened`.
pub fn names_person(column: &str) -> bool {
    const PARTS: [&str; 16] = [
        "手机",
        "电话",
        "收货人",
        "收件人",
        "姓名",
        "邮箱",
        "邮件",
        "联系方式",
        "联系人",
        "昵称",
        "下单人",
        "email",
        "phone",
        "mobile",
        "telephone",
        "recipient",
    ];
    const WHOLE: [&str; 10] = [
        "name",
        "fullname",
        "firstname",
        "lastname",
        "customername",
        "buyer",
        "buyername",
        "billingname",
        "shippingname",
        "membername",
    ];
    let name: String = column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    PARTS.iter().any(|part| name.contains(part)) || WHOLE.contains(&name.as_str())
}

/// `shortened` where the column is the customer's id, or is called like one that says who somebody is.
pub fn shown<'a>(column: &str, is_customer: bool, value: &'a str) -> Cow<'a, str> {
    if is_customer || names_person(column) { shortened(value) } else { Cow::Borrowed(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_shortened_and_ids_are_not() {
        for (value, shown) in [
            ("13812345634", "138******34"),
            ("+86 138-1234-5634", "138******34"),
            ("008613812345634", "138******34"),
            ("+44 20 7946 0958", "442******58"),
            ("john.smith@example.com", "j***@example.com"),
            ("张三", "张**"),
            ("欧阳小明", "欧**"),
            ("13****78", "13****78"),
            ("12345678901", "12345678901"),
            ("2026110112345678901", "2026110112345678901"),
            ("订单已经完成了", "订单已经完成了"),
            ("2026-06-08 13:20:43", "2026-06-08 13:20:43"),
            ("1234.50", "1234.50"),
            ("a@b", "a@b"),
            ("王", "王"),
            ("", ""),
        ] {
            assert_eq!(shortened(value), shown, "{value}");
        }
    }

    #[test]
    fn columns_that_say_who_somebody_is() {
        for column in [
            "收货人手机号/提货人手机号",
            "买家手机号",
            "Email",
            "E-Mail",
            "Phone Number",
            "收件人姓名",
            "Name",
            "Buyer",
        ] {
            assert!(names_person(column), "{column}");
        }
        for column in
            ["订单编号", "product_name", "商品名称", "amount", "Paid at", "store name", "Campaign name"]
        {
            assert!(!names_person(column), "{column}");
        }
        assert_eq!(shown("order_id", false, "13812345634"), "13812345634");
        assert_eq!(shown("x", true, "13812345634"), "138******34");
    }
}
