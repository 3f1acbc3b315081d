import unittest

from banner import BANNER


class BannerTest(unittest.TestCase):
    def test_banner(self):
        self.assertTrue(BANNER.startswith("forecast"))
