"""Words that the invented world is made of: people, companies, jobs, mail providers."""

import unicodedata
from typing import NamedTuple


class Culture(NamedTuple):
    """How people of one place are called and reached.

    A name that is not in Latin letters carries its Latin form after ``=``.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    phone: str
    """Pattern of a phone number: every ``#`` is one digit."""
    family_first: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _culture(given: str, family: str, phone: str, family_first: bool = False) -> Culture:
    return Culture(_words(given), _words(family), phone, family_first)


CULTURES: tuple[Culture, ...] = (
    _culture(
        "Grace Oliver Amelia Jack Harriet Callum Imogen Rhys Siobhán Declan",
        "Whitfield Okafor Pemberton Hargreaves O'Connell Llewellyn Ashworth Sinclair Byrne Thackeray",
        "+44 20 7946 0###",
    ),
    _culture(
        "Jordan Taylor Maria Devon Aaliyah Wyatt Camila Tyrone Skylar Ethan",
        "Ramirez Kowalczyk Jefferson McAllister Delgado Nakamura Abernathy Brooks Castellano Reyes",
        "+1 212 555 01##",
    ),
    _culture(
        "Jürgen Anneliese Björn Katharina Matthias Sörine Günther Franziska Lukas Heike",
        "Müller-Lüdenscheidt Weißmann Schröder Hofstätter Kühn Brandauer Oßwald Zöllner Reinhardt Böhm",
        "+49 30 901820##",
    ),
    _culture(
        "Zoé Thibault Élodie Mathieu Aurélie François Maëlle Cédric Noémie Loïc",
        "Lefèvre Dubois d'Aramitz Garçon Beaumont Châtelain Rousseau Péricard Girard Moreau",
        "+33 1 99 00 ## ##",
    ),
    _culture(
        "Iñaki Lucía Joaquín Begoña Álvaro Ximena Matías Itziar Sofía Ramón",
        "Núñez Etxeberria Ibáñez Zapatero Quiroga Villaseñor Peña Figueroa Aguirre Montalbán",
        "+34 910 555 ###",
    ),
    _culture(
        "Åsa Søren Ingrid Øyvind Linnéa Bjarke Sigrún Eero Aino Torbjörn",
        "Ångström Kjærgaard Lindqvist Ødegaard Hämäläinen Þorvaldsdóttir Nygård Bergström Virtanen Dahl",
        "+46 8 465 004 ##",
    ),
    _culture(
        "Władysław Agnieszka Łukasz Żaneta Jiří Markéta Ondřej Bronisława Zdeněk Małgorzata",
        "Wójcik Dvořák Szczepański Žižka Kołodziej Němec Brzęczyszczykiewicz Horák Grabowski Kučera",
        "+48 22 555 0# ##",
    ),
    _culture(
        "Ольга=Olha Тарас=Taras Людмила=Liudmyla Богдан=Bohdan Надія=Nadiia Максим=Maksym",
        "Шевченко=Shevchenko Коваленко=Kovalenko Бондаренко=Bondarenko Ткаченко=Tkachenko Гончар=Honchar",
        "+380 44 555 ####",
    ),
    _culture(
        "太郎=Taro 美咲=Misaki 健一=Kenichi 陽菜=Hina 大輔=Daisuke 彩=Aya",
        "山田=Yamada 佐藤=Sato 小野寺=Onodera 渡辺=Watanabe 五十嵐=Igarashi 松本=Matsumoto",
        "+81 3 5550 ####",
        True,
    ),
    _culture(
        "小龙=Xiaolong 静怡=Jingyi 伟=Wei 思远=Siyuan 梅=Mei 建国=Jianguo",
        "欧阳=Ouyang 王=Wang 陈=Chen 诸葛=Zhuge 刘=Liu 黄=Huang",
        "+86 10 5550 ####",
        True,
    ),
    _culture(
        "محمد=Mohammed فاطمة=Fatima يوسف=Yusuf ليلى=Layla خالد=Khalid نور=Nour",
        "الحداد=Alhaddad منصور=Mansour البغدادي=Albaghdadi حمدان=Hamdan النجار=Alnajjar",
        "+971 4 555 ####",
    ),
    _culture(
        "Priya Arjun Lakshmi Venkatesh Ananya Rohan Meenakshi Gurpreet Farhan Kavita",
        "Subramanian Chatterjee Singh Iyer Deshpande Bhattacharya Nair Malhotra Qureshi Ramanathan",
        "+91 22 5550 ####",
    ),
    _culture(
        "Chidinma Kwame Nomvula Tendai Adaeze Sipho Wanjiku Babajide Zanele Juma",
        "Adeyemi Mensah Dlamini Moyo Okonkwo Nkosi Kamau Ogunleye Khumalo Mwangi",
        "+234 1 555 ####",
    ),
    _culture(
        "João Beatriz Thiago Conceição Antônio Luísa Vinícius Inês Estêvão Débora",
        "Gonçalves Magalhães Araújo Guimarães Falcão Brandão Simões Leitão Assunção Teixeira",
        "+55 11 5555-####",
    ),
    _culture(
        "Nguyễn=Nguyen Thị=Thi Đức=Duc Hương=Huong Quân=Quan Ngọc=Ngoc",
        "Trần=Tran Phạm=Pham Võ=Vo Đặng=Dang Hồ=Ho Lê=Le",
        "+84 24 5550 ####",
        True,
    ),
)

COMPANY_STEMS = _words(
    """
    Alderbrook Amberfold Arkwright Auralis Beltane Birchmere Bluefen Brightwater Calder Cindermark
    Copperline Corvane Dovetail Driftwood Eastmarch Elmhurst Emberly Fairholt Fenwick Firnlicht
    Foxglove Glasswing Greyfriar Halcyon Harrowgate Heronsgate Hollowell Inkwell Ironleaf Jadebridge
    Juniper Kestrel Kingsmere Lanternfish Larkspur Lindenhof Lodestone Maplecroft Marrow Meridianne
    Millrace Moorland Nachtfalter Northbeck Oakhaven Orrery Ostwind Palisade Pebblestone Perihelion
    Pinecrest Quarrystone Quillon Ravensworth Redfern Rivermouth Rookery Saltmarsh Seabright Silverthorn
    Skerry Solvane Starling Stonecrop Sundial Tamarind Tanglewood Terravolt Thistledown Tidewater
    Umbrella Underhill Valemont Velterra Verdigris Wayfare Westering Whitlock Wildrose Windermoor
    Yarrow Yellowhammer Zephyrine Zimtstern Åkerholm Éclairon Überland Ñandurel
    """
)

COMPANY_TRADES: tuple[tuple[str, str], ...] = (
    ("Logistics", "com"),
    ("Robotics", "io"),
    ("Analytics", "com"),
    ("Foods", "co.uk"),
    ("Maschinenbau GmbH", "de"),
    ("& Söhne KG", "de"),
    ("Conseil SAS", "fr"),
    ("Textiles S.A.", "es"),
    ("Bioscience", "eu"),
    ("Marine AS", "no"),
    ("Studio", "studio"),
    ("Insurance Group", "com"),
    ("Kabushiki Kaisha", "co.jp"),
    ("Energia Ltda", "com.br"),
    ("Software", "dev"),
    ("Capital Partners", "com"),
    ("Instruments BV", "nl"),
    ("Hotels & Resorts", "com"),
    ("Sp. z o.o.", "pl"),
    ("Health", "org"),
    ("Aerospace", "aero"),
    ("Pvt Ltd", "in"),
)

TITLES: tuple[str, ...] = (
    "Chief Executive Officer",
    "Head of Marketing",
    "VP Sales, EMEA",
    "Software Engineer",
    "Senior Data Scientist",
    "Leiterin Einkauf",
    "Directeur technique",
    "Responsable de compras",
    "Product Manager",
    "Founder & CTO",
    "Procurement Specialist",
    "IT-Administrator",
    "営業部長",
    "Office Manager",
    "Head of R&D",
    "Research Fellow",
)

PERSONAL_EMAIL_DOMAINS = _words(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.co.jp yahoo.com.br ymail.com hotmail.com
    hotmail.fr hotmail.co.uk hotmail.it outlook.com outlook.de outlook.jp live.com live.nl msn.com aol.com
    aol.co.uk icloud.com me.com proton.me protonmail.com gmx.de gmx.net gmx.at gmx.com Gmail.com GMAIL.COM
    """
)

_LETTERS = str.maketrans(
    {
        "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "Ae", "ð": "d", "þ": "th",
        "Þ": "Th", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "'": None, "’": None,
    }
)  # fmt: skip


def latin(text: str) -> str:
    """Return ``text`` in lower-case ASCII letters, digits, spaces and hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain.lower() if c.isascii() and (c.isalnum() or c in " -"))
