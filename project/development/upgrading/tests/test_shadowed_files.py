"""What our templates are made from, and what they hold on to, is still as it was."""

from __future__ import annotations

from typing import Any

from django.template.engine import Engine
from django.template.loader_tags import BlockNode, ExtendsNode
from django.test import SimpleTestCase

from project.development.upgrading.shadowed_files import known_digests, our_files, shadowed_files

RENEW = "manage.py keep_shadowed_files"


class ShadowedFilesTests(SimpleTestCase):
    def test_no_original_has_changed(self) -> None:
        known = known_digests()
        for each in shadowed_files():
            kept = known.get(each.name, {})
            with self.subTest(each.name):
                self.assertTrue(
                    each.digest in kept.values(),
                    f"\n{each.ours} stands in the place of {each.original}, which is another one "
                    f"in {each.package} than in {', '.join(kept) or 'any version that we know'}. "
                    f"Compare the two versions of it, bring what matters into ours, look at the "
                    f"page, and then run: {RENEW}",
                )

    def test_nothing_is_kept_that_is_not_shadowed_any_more(self) -> None:
        self.assertEqual(set(known_digests()), {each.name for each in shadowed_files()}, RENEW)

    def test_it_finds_those_of_the_admin_and_of_unfold(self) -> None:
        found = {each.name: each.package.split()[0] for each in shadowed_files()}
        self.assertEqual(found["templates/admin/base.html"], "django-unfold")
        self.assertIn("templates/unfold/helpers/header.html", found)


class BlockTests(SimpleTestCase):
    def test_each_block_has_its_place_in_what_is_extended(self) -> None:
        """What a template says in a block that its parent does not have is shown nowhere."""
        checked = 0
        for name, _path in our_files("templates"):
            template, origin = Engine.get_default().find_template(name)
            extends, parents = lineage(template, [origin])
            if extends is None or not parents:
                continue
            checked += 1
            places = {each for parent in parents for each in blocks_of(parent)}
            for block in extends.nodelist:
                if isinstance(block, BlockNode):
                    with self.subTest(template=name, block=block.name):
                        self.assertIn(block.name, places)
        self.assertGreater(checked, 40)


def lineage(template: Any, seen: list[Any]) -> tuple[Any, list[Any]]:
    """A template's tag `extends`, and what it extends, and so on; `seen` are passed over, so that
    one can extend the original that it shadows. None where the tag names a variable."""
    extends = next(iter(template.nodelist.get_nodes_by_type(ExtendsNode)), None)
    if extends is None or not isinstance(extends.parent_name.var, str):
        return None, []
    parent, origin = Engine.get_default().find_template(extends.parent_name.var, skip=seen)
    return extends, [parent, *lineage(parent, [*seen, origin])[1]]


def blocks_of(template: Any) -> set[str]:
    return {str(each.name) for each in template.nodelist.get_nodes_by_type(BlockNode)}
