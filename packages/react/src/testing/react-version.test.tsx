import { render } from "@testing-library/react";
import { version } from "react";
import { version as domVersion } from "react-dom";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";

/** Set by the test project. */
const major = `${process.env.REACT_MAJOR}.`;

test("the tests run with the React of their project", () => {
  expect([version, domVersion].filter((one) => !one.startsWith(major))).toEqual([]);
  // A React refuses the elements of another one.
  expect(render(<p>rendered</p>).container.innerHTML).toBe(renderToString(<p>rendered</p>));
});
