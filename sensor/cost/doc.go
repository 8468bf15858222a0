// Package cost compares the sizes and the cost of content with the limits and budgets of sensor
// builds. It finds the rules that cause the cost, and extrapolates the growth over releases.
package cost
