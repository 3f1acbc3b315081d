import unittest

from weather import report


class ReportTest(unittest.TestCase):
    def test_cold(self):
        self.assertEqual(report(3), "3.0 degrees: cold")

    def test_warm(self):
        self.assertEqual(report(20), "20.0 degrees: warm")


if __name__ == "__main__":
    unittest.main()
