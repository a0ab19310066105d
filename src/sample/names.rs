//! Invented people: Chinese names and cities.

use super::draws::Draws;

const FAMILY: [&str; 32] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "欧阳", "司马", "诸葛",
];
const GIVEN_FEMALE: [&str; 24] = [
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "秀英", "婷", "雪", "慧", "莹", "欣怡", "梓涵", "雨桐", "诗涵",
    "思琪", "佳慧", "晓燕", "玉兰", "梦洁", "海燕", "春梅", "若曦",
];
const GIVEN_MALE: [&str; 24] = [
    "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "超", "明", "刚", "平", "浩然", "子轩", "宇航", "俊杰",
    "志强", "建国", "文博", "天佑", "家豪", "海涛", "鹏飞", "一鸣",
];
pub const CITIES: [&str; 14] = [
    "上海", "北京", "深圳", "广州", "杭州", "成都", "重庆", "武汉", "西安", "苏州", "南京", "长沙", "青岛",
    "昆明",
];
const CITY_WEIGHTS: [f64; 14] = [14.0, 13.0, 10.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 5.0, 4.0, 4.0, 3.0, 2.0];

pub const GENDERS: [&str; 2] = ["female", "male"];

/// Who someone is: the full name, the index of the gender, the index of the city.
pub struct Person {
    pub name: String,
    pub gender: usize,
    pub city: usize,
}

impl Person {
    pub fn draw(draws: &mut Draws) -> Self {
        let gender = usize::from(!draws.chance(0.62));
        let given = if gender == 0 { &GIVEN_FEMALE } else { &GIVEN_MALE };
        let family = FAMILY[draws.below(FAMILY.len() as u64) as usize];
        let given = given[draws.below(given.len() as u64) as usize];
        Self { name: format!("{family}{given}"), gender, city: draws.weighted(&CITY_WEIGHTS) }
    }
}
