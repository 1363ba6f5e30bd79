import { beforeEach, describe, expect, test } from "vitest";
import { Follow } from "../../src/view/follow";

let box: { scrollTop: number; scrollHeight: number; clientHeight: number };
let changes: boolean[];
let follow: Follow;

beforeEach(() => {
  box = { scrollTop: 0, scrollHeight: 100, clientHeight: 100 };
  changes = [];
  follow = new Follow(box, () => changes.push(follow.isFollowing));
});

function grow(by: number): void {
  box.scrollHeight += by;
  follow.grown();
}

function scroll(to: number): void {
  box.scrollTop = to;
  follow.scrolled();
}

const atEnd = () => box.scrollTop >= box.scrollHeight - box.clientHeight;

test("the end stays in sight while the text grows", () => {
  for (let line = 0; line < 5; line++) grow(50);
  expect(atEnd()).toBe(true);
});

test("a reader who scrolled up is left alone", () => {
  grow(500);
  scroll(200);
  grow(50);
  grow(50);
  expect(box.scrollTop).toBe(200);
  expect(changes).toEqual([false]);
});

test("a reader who comes back to the end is followed again", () => {
  grow(500);
  scroll(200);
  scroll(495);
  grow(50);
  expect(atEnd()).toBe(true);
});

test("the jump goes to the end at once and follows", () => {
  grow(500);
  scroll(0);
  follow.jump();
  expect(atEnd()).toBe(true);
  grow(50);
  expect(atEnd()).toBe(true);
});

test("what a person opens stays where it is", () => {
  grow(500);
  box.scrollTop = 500;
  follow.hold();
  grow(300);
  expect(box.scrollTop).toBe(500);
  grow(50);
  expect(box.scrollTop).toBe(500);
});

test("what a person closes at the end doesn't stop the following", () => {
  grow(500);
  box.scrollTop = 500;
  follow.hold();
  box.scrollTop = 400;
  grow(-100);
  grow(50);
  expect(atEnd()).toBe(true);
});

describe("a box that isn't shown", () => {
  test("tells nothing by its offset", () => {
    grow(500);
    box.clientHeight = 0;
    scroll(0);
    box.clientHeight = 100;
    follow.grown();
    expect(atEnd()).toBe(true);
  });
});
